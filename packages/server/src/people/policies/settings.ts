import { plainText, ROLES } from '@comfleet/contract';
import type { DefinitionText } from '@comfleet/contract/texts/definitions';
import { z } from 'zod';
import type { Findings } from '../../platform/config/settings.ts';
import { BUILT_IN_RULES, LIMITS, type LimitName, type PolicyRule } from './rule.ts';

const PATTERN = z.string().min(1).max(200);
const patterns = (meaning: string) => z.array(PATTERN).min(1).optional().describe(meaning);
const onlyThese = (meaning: string) => z.array(PATTERN).optional().describe(meaning);
const limit = (meaning: string) => z.number().positive().optional().describe(meaning);

const forSchema = z.strictObject({
  roles: z
    .array(z.enum(ROLES))
    .min(1)
    .optional()
    .describe('Roles to which the rule applies; default: every role, admin included.'),
  projects: patterns(
    'Projects, by name or id (for `lift` by id); the rule does not apply to tasks without a project.',
  ),
  clients: patterns('Clients and users, by name or id.'),
});

const denySchema = z.strictObject({
  nodes: patterns('Node classes that are refused.'),
  api_nodes: z
    .boolean()
    .optional()
    .describe('Refuses node classes that a worker declares to call a paid service (api_node).'),
  models: patterns('Model files that are refused, as `name` or `folder/name`.'),
  workflows: patterns('Named workflows that are refused.'),
});

const allowSchema = z.strictObject({
  nodes: onlyThese('Only these node classes; case-sensitive.'),
  models: onlyThese('Only these model files, as `name` or `folder/name`; case-sensitive.'),
  workflows: onlyThese('Only these named workflows; a graph without a workflow is refused.'),
});

const maxSchema = z.strictObject({
  width: limit('Largest width of a node, in pixels.'),
  height: limit('Largest height of a node, in pixels.'),
  pixels: limit('Largest width × height of a node.'),
  batch_size: limit('Largest batch_size of a node.'),
  frames: limit('Largest number of frames of a node: length, frames, num_frames, video_frames.'),
  steps: limit('Largest number of steps of a node.'),
} satisfies Record<LimitName, unknown>);

const liftSchema = z.strictObject({
  nodes: patterns('Node classes that the built-in rules no longer refuse.'),
});

/** Without quotes and line breaks, so that it can be shown between quotes. */
const RULE_NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u;

/** One entry of the `policies` list. */
export const policySchema = z.strictObject({
  name: z.string().regex(RULE_NAME).describe('Name of the rule; a refusal names it.'),
  for: forSchema.optional().describe('To whom the rule applies; default: everyone.'),
  deny: denySchema.optional().describe('What is refused; `*` matches any text, `?` one character.'),
  allow: allowSchema.optional().describe('What is allowed; everything else is refused.'),
  max: maxSchema.optional().describe('Limits on the numbers written in a graph.'),
  lift: liftSchema.optional().describe('Exceptions from the built-in rules.'),
});
type RawPolicy = z.infer<typeof policySchema>;

/** Refuses names that are used twice, and rules without an effect; warns of a lift that anybody could claim. */
export function checkPolicies(
  policies: readonly RawPolicy[],
  { registration }: { registration: 'open' | 'invite' | 'admin' },
  findings: Findings,
): void {
  const names = new Set(BUILT_IN_RULES.map(({ name }) => name));
  for (const [index, policy] of policies.entries()) {
    const path = `policies.${index}`;
    const { name } = policy;
    const refuse = (text: DefinitionText, key = '') => findings.refuse(`${path}${key}`, text);
    if (names.has(name)) refuse({ code: 'config.policy_twice', params: { name } }, '.name');
    names.add(name);
    if (!hasEffect(policy)) refuse({ code: 'config.policy_empty', params: { name } });
    const isByName = policy.lift !== undefined && policy.for?.clients !== undefined;
    if (registration !== 'admin' && isByName)
      findings.warn(`${path}.for.clients`, plainText('config.policy_names'));
  }
}

function hasEffect({ deny, allow, max, lift }: RawPolicy): boolean {
  return [deny, allow, max, lift].some(
    (part) => part !== undefined && Object.values(part).some((value) => value !== undefined),
  );
}

/** The rules of the file, in its order. */
export function compilePolicies(policies: readonly RawPolicy[]): readonly PolicyRule[] {
  return policies.map((policy) => ({
    name: policy.name,
    isBuiltIn: false,
    for: compileFor(policy),
    deny: compileDeny(policy),
    allow: compileAllow(policy),
    max: pickLimits(policy.max),
    lift: { nodes: policy.lift?.nodes ?? [] },
  }));
}

function compileFor({ for: whom = {} }: RawPolicy): PolicyRule['for'] {
  return { roles: whom.roles ?? null, projects: whom.projects ?? null, clients: whom.clients ?? null };
}

function compileDeny({ deny = {} }: RawPolicy): PolicyRule['deny'] {
  const { nodes = [], models = [], workflows = [], api_nodes: apiNodes = false } = deny;
  return { nodes, models, workflows, apiNodes };
}

function compileAllow({ allow = {} }: RawPolicy): PolicyRule['allow'] {
  return {
    nodes: allow.nodes ?? null,
    models: allow.models ?? null,
    workflows: allow.workflows ?? null,
  };
}

function pickLimits(max: RawPolicy['max']): PolicyRule['max'] {
  const limits: Partial<Record<LimitName, number>> = {};
  for (const name of LIMITS) {
    const most = max?.[name];
    if (most !== undefined) limits[name] = most;
  }
  return limits;
}
