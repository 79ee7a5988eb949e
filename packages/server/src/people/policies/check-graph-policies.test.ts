import { ROLES, type Role } from '@comfleet/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkGraphPolicies, type GraphFacts, type NodeFacts } from './check-graph-policies.ts';
import { BUILT_IN_RULES, type PolicyRule, type Subject } from './rule.ts';
import { compilePolicies, policySchema } from './settings.ts';

const film = { id: 'demo-7', name: 'Short film' };
const member: Subject = { role: 'member', id: 'c-1', name: 'render-bot', project: film };

/** A rule as the file writes it. */
function rule(written: Record<string, unknown>): PolicyRule {
  const [compiled] = compilePolicies([policySchema.parse({ name: 'r', ...written })]);
  if (!compiled) throw new Error('no rule');
  return compiled;
}

function node(facts: Partial<NodeFacts> = {}): NodeFacts {
  const classType = facts.classType ?? 'KSampler';
  return {
    nodeId: '3',
    classType,
    writtenClass: classType,
    isApiNode: false,
    models: [],
    sizes: [],
    ...facts,
  };
}

function graph(...nodes: NodeFacts[]): GraphFacts {
  return { workflow: null, nodes };
}

const model = (...names: string[]) => node({ models: [{ inputName: 'ckpt_name', names }] });
const size = (limit: 'width' | 'pixels' | 'steps', value: number) =>
  node({ sizes: [{ limit, inputName: limit, value }] });

test.each<[title: string, written: Record<string, unknown>, facts: GraphFacts, kinds: string[]]>([
  ['a denied class', { deny: { nodes: ['*Sampler'] } }, graph(node()), ['node']],
  ['a denied class in other letters', { deny: { nodes: ['ksampler'] } }, graph(node()), ['node']],
  ['another class', { deny: { nodes: ['Sampler'] } }, graph(node()), []],
  ['? as one character', { deny: { nodes: ['?Sampler'] } }, graph(node()), ['node']],
  ['? as no character', { deny: { nodes: ['?KSampler'] } }, graph(node()), []],
  ['a class off the list', { allow: { nodes: ['VAE*'] } }, graph(node()), ['node']],
  ['a class on the list', { allow: { nodes: ['VAE*', 'KS*'] } }, graph(node()), []],
  ['an allowed class in other letters', { allow: { nodes: ['ksampler'] } }, graph(node()), ['node']],
  ['an empty list', { allow: { nodes: [] } }, graph(node()), ['node']],
  ['denied and allowed', { allow: { nodes: ['*'] }, deny: { nodes: ['K*'] } }, graph(node()), ['node']],
  ['an API node', { deny: { api_nodes: true } }, graph(node({ isApiNode: true })), ['api_node']],
  ['no API node', { deny: { api_nodes: true } }, graph(node()), []],
  [
    'the written class of a replaced one',
    { deny: { nodes: ['Old'] } },
    graph(node({ classType: 'New', writtenClass: 'Old' })),
    ['node'],
  ],
  [
    'the class that runs in its place',
    { deny: { nodes: ['New'] } },
    graph(node({ classType: 'New', writtenClass: 'Old' })),
    ['node'],
  ],
  [
    'a model below a folder',
    { deny: { models: ['nsfw/*'] } },
    graph(model('NSFW/a/b.safetensors')),
    ['model'],
  ],
  ['a model by its folder', { deny: { models: ['loras/*'] } }, graph(model('a.pt', 'loras/a.pt')), ['model']],
  ['a model off the list', { allow: { models: ['sdxl/*'] } }, graph(model('sd15/a.ckpt')), ['model']],
  ['a model on the list by its folder', { allow: { models: ['loras/*'] } }, graph(model('a', 'loras/a')), []],
  ['a workflow', { deny: { workflows: ['wan*'] } }, { workflow: 'wan_i2v', nodes: [] }, ['workflow']],
  ['a graph of no workflow', { deny: { workflows: ['*'] } }, graph(), []],
  ['a graph where workflows are listed', { allow: { workflows: ['*'] } }, graph(), ['no_workflow']],
  ['a workflow off the list', { allow: { workflows: ['a'] } }, { workflow: 'b', nodes: [] }, ['workflow']],
  ['the largest width', { max: { width: 1024 } }, graph(size('width', 1024)), []],
  ['more than it', { max: { width: 1024 } }, graph(size('width', 1025)), ['size']],
  ['a width that is no number', { max: { width: 1024 } }, graph(size('width', Number.NaN)), ['size']],
  ['another number', { max: { steps: 10 } }, graph(size('pixels', 5000)), []],
])('AU15 a rule decides on %s', (_title, written, facts, kinds) => {
  const problems = checkGraphPolicies([rule(written)], member, facts);
  expect(problems.map(({ kind }) => kind)).toEqual(kinds);
});

test.each<[whom: Record<string, unknown> | undefined, isBound: boolean]>([
  [undefined, true],
  [{}, true],
  [{ roles: ['member', 'viewer'] }, true],
  [{ roles: ['admin'] }, false],
  [{ projects: ['demo-*'] }, true],
  [{ projects: ['demo-8'] }, false],
  [{ projects: ['short *'] }, true],
  [{ projects: ['long *'] }, false],
  [{ clients: ['Render-*'] }, true],
  [{ clients: ['c-1'] }, true],
  [{ clients: ['other'] }, false],
  [{ roles: ['member'], clients: ['other'] }, false],
])('AU15 a rule for %j binds the owner it describes', (whom, isBound) => {
  const problems = checkGraphPolicies([rule({ for: whom, deny: { nodes: ['*'] } })], member, graph(node()));
  expect(problems).toHaveLength(isBound ? 1 : 0);
});

test('AU15 a rule for projects does not bind a task without a project', () => {
  const rules = [rule({ for: { projects: ['*'] }, deny: { nodes: ['*'] } })];
  expect(checkGraphPolicies(rules, { ...member, project: null }, graph(node()))).toEqual([]);
});

test('AU15 every refusal names node, class and rule', () => {
  const rules = [
    rule({ name: 'small', max: { width: 512 } }),
    rule({ name: 'no-samplers', deny: { nodes: ['KSampler'] } }),
  ];
  expect(checkGraphPolicies(rules, member, graph(size('width', 1024)))).toEqual([
    { rule: 'no-samplers', kind: 'node', nodeId: '3', classType: 'KSampler' },
    {
      ...{ rule: 'small', kind: 'size', nodeId: '3', classType: 'KSampler' },
      ...{ limit: 'width', inputName: 'width', value: 1024, most: 512 },
    },
  ]);
});

test.each(['PythonExec', 'Shell Command', 'SRL Eval', 'HTTPPost', 'LoadImageFromURL'])(
  'AU15 the built-in rules refuse %s to all but administrators',
  (classType) => {
    const refusedTo = ROLES.filter(
      (role) =>
        checkGraphPolicies(BUILT_IN_RULES, { ...member, role }, graph(node({ classType }))).length > 0,
    );
    expect(refusedTo).toEqual(['operator', 'member', 'viewer']);
  },
);

test('AU15 a lift frees its classes of the built-in rules, and of no other', () => {
  const facts = graph(node({ classType: 'GeminiNode', isApiNode: true }));
  const lift = rule({ name: 'gemini', for: { clients: ['render-bot'] }, lift: { nodes: ['Gemini*'] } });
  const own = rule({ name: 'own', deny: { api_nodes: true } });
  const names = (rules: PolicyRule[], subject = member) =>
    checkGraphPolicies(rules, subject, facts).map((problem) => problem.rule);
  expect(names([...BUILT_IN_RULES])).toEqual(['reaches-network']);
  expect(names([...BUILT_IN_RULES, lift])).toEqual([]);
  expect(names([...BUILT_IN_RULES, lift], { ...member, name: 'other' })).toEqual(['reaches-network']);
  expect(names([...BUILT_IN_RULES, lift, own])).toEqual(['own']);
});

test('AU15 a lift for a project goes by its id, because whoever creates a project chooses its name', () => {
  const facts = graph(node({ classType: 'Eval' }));
  const liftFor = (pattern: string) => rule({ for: { projects: [pattern] }, lift: { nodes: ['Eval'] } });
  const refused = (pattern: string) =>
    checkGraphPolicies([...BUILT_IN_RULES, liftFor(pattern)], member, facts).length;
  expect([refused('demo-7'), refused('Short film')]).toEqual([0, 1]);
});

const text = fc.string({ unit: fc.constantFrom('a', 'B', 'b', '/', '*'), maxLength: 6 });
const patterns = fc.array(
  fc.string({ unit: fc.constantFrom('a', 'B', '*', '?', '/'), minLength: 1, maxLength: 5 }),
  {
    minLength: 1,
    maxLength: 3,
  },
);
const lists = fc.record({ nodes: patterns, models: patterns, workflows: patterns }, { requiredKeys: [] });
const rules = fc
  .array(
    fc.record(
      {
        deny: fc.record({ nodes: patterns, models: patterns, api_nodes: fc.boolean() }, { requiredKeys: [] }),
        allow: lists,
        max: fc.record({ width: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] }),
        lift: fc.record({ nodes: patterns }, { requiredKeys: [] }),
        for: fc.record({ roles: fc.subarray([...ROLES], { minLength: 1 }) }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    ),
    { maxLength: 4 },
  )
  .map((written) => [...BUILT_IN_RULES, ...written.map((one, index) => rule({ name: `r${index}`, ...one }))]);
const subjects = fc.record({
  role: fc.constantFrom<Role>(...ROLES),
  id: fc.constant('1'),
  name: text,
  project: fc.option(fc.record({ id: text, name: text })),
});
const nodes = fc.array(
  fc.record({ classType: text, isApiNode: fc.boolean(), file: text, width: fc.integer({ min: 0, max: 12 }) }),
  { maxLength: 5 },
);
const graphs = fc.record({ workflow: fc.option(text), nodes }).map(
  ({ workflow, nodes: all }): GraphFacts => ({
    workflow,
    nodes: all.map(({ classType, isApiNode, file, width }, index) =>
      node({
        ...{ nodeId: String(index), classType, writtenClass: classType, isApiNode },
        models: [{ inputName: 'm', names: [file] }],
        sizes: [{ limit: 'width', inputName: 'width', value: width }],
      }),
    ),
  }),
);

test('AU15 a denied class is refused whatever the other rules allow or lift', () => {
  fc.assert(
    fc.property(rules, subjects, graphs, (others, subject, facts) => {
      const deny = rule({ name: 'deny', deny: { nodes: ['*'] } });
      const refused = checkGraphPolicies([...others, deny], subject, facts)
        .filter((problem) => problem.rule === 'deny' && problem.kind === 'node')
        .map((problem) => 'nodeId' in problem && problem.nodeId);
      expect(refused).toEqual([...facts.nodes].map(({ nodeId }) => nodeId));
    }),
  );
});

test('AU15 one more rule without a lift never permits more', () => {
  fc.assert(
    fc.property(rules, subjects, graphs, fc.record({ allow: lists }), (others, subject, facts, more) => {
      const before = checkGraphPolicies(others, subject, facts);
      const after = checkGraphPolicies([...others, rule({ name: 'more', ...more })], subject, facts);
      expect(after.filter((problem) => problem.rule !== 'more')).toEqual(before);
    }),
  );
});

test('AU15 the order of rules does not matter', () => {
  fc.assert(
    fc.property(rules, subjects, graphs, (all, subject, facts) => {
      const told = (some: readonly PolicyRule[]) =>
        checkGraphPolicies(some, subject, facts)
          .map((problem) => JSON.stringify(problem))
          .sort();
      expect(told([...all].reverse())).toEqual(told(all));
    }),
  );
});

test('AU15 a pattern of many stars takes no longer than its lengths', () => {
  const deny = rule({ deny: { nodes: [`${'*a'.repeat(99)}*b`] } });
  const startedAt = performance.now();
  const problems = checkGraphPolicies([deny], member, graph(node({ classType: 'a'.repeat(1000) })));
  expect(problems).toEqual([]);
  expect(performance.now() - startedAt).toBeLessThan(500);
});
