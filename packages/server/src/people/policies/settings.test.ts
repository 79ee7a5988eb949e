import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { Findings } from '../../platform/config/settings.ts';
import { checkPolicies, compilePolicies, policySchema } from './settings.ts';

const GUIDE = new URL('../../../../../docs/guides/policies.md', import.meta.url);

function check(written: readonly object[], registration: 'open' | 'invite' | 'admin' = 'admin') {
  const findings = new Findings();
  checkPolicies(
    written.map((rule) => policySchema.parse(rule)),
    { registration },
    findings,
  );
  return {
    problems: findings.problems.map(({ path, text }) => [path, text.code]),
    warnings: findings.warnings.map(({ path, text }) => [path, text.code]),
  };
}

test('AU15 a rule needs a name of its own and an effect', () => {
  const deny = { nodes: ['A'] };
  const rules = [
    { name: 'a', deny },
    { name: 'a', deny },
    { name: 'runs-code', deny },
    { name: 'b', max: {} },
  ];
  expect(check(rules).problems).toEqual([
    ['policies.1.name', 'config.policy_twice'],
    ['policies.2.name', 'config.policy_twice'],
    ['policies.3', 'config.policy_empty'],
  ]);
});

test('AU15 a lift by name is warned of where anybody registers under any name', () => {
  const rules = [{ name: 'a', for: { clients: ['art-*'] }, lift: { nodes: ['*'] } }];
  expect(check(rules, 'open').warnings).toEqual([['policies.0.for.clients', 'config.policy_names']]);
  expect(check(rules, 'invite').warnings).toHaveLength(1);
  expect(check(rules, 'admin').warnings).toEqual([]);
});

test('AU15 the rules of the guide are valid', async () => {
  const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(await readFile(GUIDE, 'utf8')) ?? [];
  const { policies } = parse(yaml);
  expect(check(policies, 'open').problems).toEqual([]);
  const compiled = compilePolicies(policies.map((rule: unknown) => policySchema.parse(rule)));
  expect(compiled.map(({ name, max }) => [name, max])).toEqual([
    ['no-upscaling', {}],
    ['demo-room', { pixels: 1_048_576, batch_size: 2, steps: 30 }],
    ['licensed-models', {}],
    ['partner-nodes', {}],
  ]);
});
