import { type Graph, startTimeSlice } from '@comfleet/comfyui';
import { createUuidV7, type PrincipalId } from '@comfleet/contract';
import { expect, test } from 'vitest';
import { systemClock } from '../../platform/time/clock.ts';
import { createGraphPolicies } from './graph-policies.ts';
import { compilePolicies, policySchema } from './settings.ts';
import type { Owner } from './subjects.ts';

const ownerId = createUuidV7<'principal'>(1, new Uint8Array(10)) satisfies PrincipalId;

function policies(written: readonly object[], owner: Partial<Owner> = {}) {
  return createGraphPolicies({
    configured: () => compilePolicies(written.map((rule) => policySchema.parse(rule))),
    subjects: {
      findOwner: async (id) => ({ role: 'member', id, name: 'artist', ...owner }),
      findProject: async (id) => ({ id, name: `name of ${id}` }),
    },
  });
}

function asked(graph: Graph, maxProblems = 100) {
  const slice = startTimeSlice(systemClock);
  return { ownerId, projectId: null, workflow: null, graph, servers: [], maxProblems, slice };
}

function repeat(count: number, inputs: Record<string, unknown>): Graph {
  return Object.fromEntries(
    Array.from({ length: count }, (_one, index) => [
      String(index),
      { class_type: `Class${index % 50}`, inputs },
    ]),
  );
}

test('AU15 a refusal counts every node, and lists as many as an answer holds', async () => {
  const refused = await policies([{ name: 'none', allow: { nodes: [] } }]).check(asked(repeat(7, {}), 3));
  expect(refused).toMatchObject({ rules: ['none'], problem_count: 7 });
  expect(Object.keys(refused?.node_errors ?? {})).toEqual(['0', '1', '2']);
});

test('AU15 a rule for a project goes by its name too', async () => {
  const rule = { name: 'film', for: { projects: ['name of f-*'] }, deny: { nodes: ['Class0'] } };
  const check = (projectId: string | null) => policies([rule]).check({ ...asked(repeat(1, {})), projectId });
  expect([await check('f-1'), await check('g-1'), await check(null)]).toEqual([
    expect.objectContaining({ rules: ['film'] }),
    null,
    null,
  ]);
});

test('AU15 node ids may be names that every object has', async () => {
  const graph: Graph = { toString: { class_type: 'Eval', inputs: {} } };
  expect(await policies([]).check(asked(graph))).toMatchObject({
    node_errors: { toString: { class_type: 'Eval', errors: [{ rule: 'runs-code' }] } },
  });
});

test('AU15 a graph of 200,000 nodes does not hold the event loop', async () => {
  const graph = repeat(200_000, { width: 64, steps: 20, ckpt_name: 'a.safetensors', image: ['1', 0] });
  const rules = [
    { name: 'all', deny: { models: ['nsfw/*'], nodes: ['*Shell*'] }, max: { width: 64, steps: 20 } },
  ];
  let longestMs = 0;
  let lastMs = systemClock.monotonicMs();
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, systemClock.monotonicMs() - lastMs);
    lastMs = systemClock.monotonicMs();
  }, 1);
  const refused = await policies(rules).check(asked(graph));
  clearInterval(timer);
  expect(refused).toBeNull();
  expect(longestMs).toBeLessThan(400);
}, 60_000);

test('AU15 a workflow that a rule refuses to a principal is not granted to it', async () => {
  const isGranted = await policies([
    { name: 'video', for: { roles: ['member'] }, deny: { workflows: ['video_*'] } },
    { name: 'viewers', for: { roles: ['viewer'] }, allow: { workflows: ['still_*'] } },
    { name: 'film', for: { projects: ['*'] }, allow: { workflows: ['still_*'] } },
  ]).findGranted(ownerId);
  expect(['video_a', 'still_a', 'other'].map(isGranted)).toEqual([false, true, true]);
});
