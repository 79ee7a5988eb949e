import type { TaskId } from '@comfleet/contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPrincipal, type Principal } from '../src/people/identity/principal.ts';
import { FlowRig, pictureGraph, sleepGraph } from './kit/flow-rig.ts';

let rig: FlowRig;
beforeAll(async () => {
  rig = await FlowRig.open({
    simulators: [{}, {}],
    config: { quotas: { client: { tasks_running: 1 }, project: { tasks_running: 1 } } },
  });
});
afterAll(() => rig.close());

async function join(name: string): Promise<Principal> {
  const { client } = await rig.app.identity.clients.create({
    name,
    description: null,
    grants: ['raw_graph'],
  });
  return createPrincipal({ ...client, kind: 'client' });
}

async function submit(actor: Principal, graph: ReturnType<typeof sleepGraph>, projectId?: string) {
  const body = { kind: 'graph', graph } as const;
  const options = projectId === undefined ? {} : { project_id: projectId };
  const { submitted } = await rig.calls.tasks.submit({ actor, door: 'native', body, options });
  return submitted.task_id as TaskId;
}

const setRunning = (id: string, limit: number | null) =>
  rig.ask('PUT', `/api/v2/admin/quotas/${id}`, { body: { tasks_running: limit } });
const time = (text: string | null) => Date.parse(text ?? '');

it('AU10 a client has no more tasks on workers than it may: the others wait, say why, and keep nobody else waiting', async () => {
  const [ada, bob] = [await join('ada'), await join('bob')];
  const first = await submit(ada, sleepGraph(1.5));
  const second = await submit(ada, sleepGraph(0.05));
  const others = await rig.ended(await submit(bob, pictureGraph()));
  const why = await rig.calls.tasks.explain(ada, second);

  expect(others.status).toBe('succeeded');
  expect(why.waiting).toMatchObject({ full: 'owner' });
  expect(why.message).toContain('Its owner has as many tasks on workers as its quota allows.');
  const [one, two] = [await rig.ended(first), await rig.ended(second)];
  expect(time(two.started_at)).toBeGreaterThanOrEqual(time(one.completed_at));
});

it('AU10 a raised limit lets the next task start at once', async () => {
  const eve = await join('eve');
  const first = await submit(eve, sleepGraph(1.5));
  const second = await submit(eve, sleepGraph(0.05));
  const changed = await setRunning(eve.id, 2);
  const [two, one] = [await rig.ended(second), await rig.ended(first)];

  expect(changed.status).toBe(200);
  expect(time(two.completed_at)).toBeLessThan(time(one.completed_at));
});

it('AU10 a project has no more tasks on workers than it may, whoever sent them; the same client goes on without it', async () => {
  const [director, artist] = [await join('director'), await join('artist')];
  const { identity } = rig.app;
  const { project_id: id } = await identity.projects.create(director, { name: 'Film' });
  await identity.projects.setMember(rig.actor, id, { member: artist.id, role: 'editor' });
  for (const { id: owner } of [director, artist]) await setRunning(owner, null);
  const projects = [{ projectId: id as never, role: 'editor' as const }];
  const first = await submit({ ...director, projects }, sleepGraph(1.5), id);
  const second = await submit({ ...artist, projects }, sleepGraph(0.05), id);
  const own = await rig.ended(await submit(artist, pictureGraph()));
  const why = await rig.calls.tasks.explain(artist, second);

  expect(own.status).toBe('succeeded');
  expect(why.waiting).toMatchObject({ full: 'project' });
  const [one, two] = [await rig.ended(first), await rig.ended(second)];
  expect(time(two.started_at)).toBeGreaterThanOrEqual(time(one.completed_at));
});
