import { resolve } from 'node:path';
import { stringifyLosslessJson } from '@comfleet/comfyui';
import { type Policy, ROLES } from '@comfleet/contract';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import { readGraph } from '../parameters/edit-graph.ts';
import { pickOne } from '../parameters/pick-one.ts';
import { readGraphFile } from '../parameters/read-graph-file.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

export interface TestFlags {
  readonly role?: string;
  readonly client?: string;
  readonly project?: string;
  readonly workflow?: string;
}

/** `comfleet policies list`: the rules in force, where they come from, whom they bind and what they do. */
export async function listPolicies(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  const { texts } = context;
  const policies = await comfleet.policies.list({ signal: context.terminal.signal });
  context.show({ policies }, () =>
    formatTable(
      texts.heads('rule', 'from', 'for', 'effect'),
      policies.map((policy) => [policy.name, describeOrigin(policy, texts), ...describeRule(policy)]),
    ),
  );
  return EXIT.ok;
}

function describeOrigin({ origin, file, key }: Policy, { say }: CliTexts): string {
  if (origin === 'built_in') return say('cli.built_in');
  return [file, key].filter((part) => part !== null).join(' ');
}

/** In the keys of the file, so that the reader finds them there. */
function describeRule({ for: whom, deny, allow, max, lift }: Policy): [whom: string, effect: string] {
  const effect = [
    ...listParts('deny', { ...deny, api_nodes: deny.api_nodes ? ['true'] : [] }, false),
    ...listParts('allow', allow, true),
    ...Object.entries(max).map(([name, most]) => `max.${name} ${most}`),
    ...listParts('lift', lift, false),
  ];
  return [listParts(null, whom, true).join('; ') || '*', effect.join('; ')];
}

/** An empty list says something only where it allows nothing. */
function listParts(
  block: string | null,
  parts: Readonly<Record<string, readonly string[] | null>>,
  showsEmpty: boolean,
): string[] {
  return Object.entries(parts)
    .filter(([, patterns]) => patterns !== null && (showsEmpty || patterns.length > 0))
    .map(([name, patterns]) => {
      const key = block === null ? name : `${block}.${name}`;
      return toPlainText(`${key} ${patterns?.length ? patterns.join(', ') : '[]'}`);
    });
}

/** `comfleet policies test FILE`: what would be refused of a graph, and by which rule. */
export async function testPolicies(context: CommandContext, file: string, flags: TestFlags): Promise<number> {
  const { terminal, texts } = context;
  const graph = readGraph(await readGraphFile(resolve(terminal.cwd, file)));
  const role = flags.role === undefined ? undefined : pickOne('--role', flags.role, ROLES);
  const comfleet = await context.connect();
  const tested = await comfleet.policies.test(
    {
      rawGraph: stringifyLosslessJson(graph),
      ...(role && { role }),
      client: flags.client,
      project: flags.project,
      workflow_name: flags.workflow,
    },
    { signal: terminal.signal },
  );
  const { error } = tested;
  context.show(tested, () =>
    error === null
      ? [texts.say('cli.policies_allow', { role: tested.role })]
      : [texts.explain(error), ...texts.points(error)].map((line) => `✗ ${toPlainText(line)}`),
  );
  return error === null ? EXIT.ok : EXIT.failed;
}
