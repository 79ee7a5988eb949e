import type { StreamFrame, TaskId } from '@comfleet/contract';
import type { SubmitRequest } from '../../../src/flow/calls/tasks/prepare-submission.ts';
import type { TaskCalls } from '../../../src/flow/calls/tasks/task-calls.ts';
import type { Actor } from '../../../src/flow/ownership/actor.ts';
import type { FakeOwner } from './fake-owner.ts';
import type { FakeStreams } from './fake-streams.ts';
import { brand, sampleTask, TASK_ID } from './samples.ts';

/** One task with `results` results; without any it is running. */
export function createFakeTasks(owner: FakeOwner, streams: FakeStreams) {
  const submitted: SubmitRequest[] = [];
  const state = { results: 1 };
  const load = async (actor: Actor, id: TaskId) => {
    owner.check(actor, [id, TASK_ID], 'TASK_NOT_FOUND');
    return sampleTask(owner.id, state.results);
  };
  const loadToChange = async (actor: Actor, id: TaskId) => {
    const task = await load(actor, id);
    owner.checkChange(actor);
    return task;
  };
  const submit: TaskCalls['submit'] = async (request) => {
    submitted.push(request);
    const answer = { message: 'Next in the queue.', estimated_time: null, queue_position: 0, warnings: [] };
    return {
      submitted: { task_id: TASK_ID, status: 'queued', ...answer },
      replayed: request.idempotency?.key === 'seen-before',
    };
  };
  const tasks: TaskCalls = {
    submit,
    load,
    list: async (actor, filter) => {
      owner.calls.push(['list', actor.id, filter]);
      const { attempts: _attempts, ...task } = sampleTask(owner.id, state.results);
      const isOwn = owner.isSeenBy(actor);
      return { tasks: isOwn ? [task] : [], total: isOwn ? 1 : 0, nextCursor: null };
    },
    cancel: async (actor, id) => {
      owner.calls.push(['cancel', id]);
      return loadToChange(actor, id);
    },
    decide: async (actor, id, decision) => {
      owner.calls.push(['decide', id, decision]);
      return loadToChange(actor, id);
    },
    retry: async (actor, id) => {
      await loadToChange(actor, id);
      return submit({ actor, door: 'native', body: { kind: 'graph', graph: {} }, options: {} });
    },
    loadGraphText: async (actor, id) => {
      await load(actor, id);
      return '{"3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615,"cfg":1.0}}}';
    },
    loadEvents: async (actor, id) => {
      await load(actor, id);
      return [];
    },
    listAttempts: async (actor, id) => (await load(actor, id)).attempts,
    explain: async (actor, id) => {
      const { status } = await load(actor, id);
      return { task_id: TASK_ID, status, message: 'Done.', waiting: null, placed: null };
    },
    watch: async function* (actor, id, after, signal): AsyncIterable<StreamFrame> {
      await load(actor, id);
      yield* streams.open(after, signal);
    },
    watchOwn: (_actor, signal) => streams.open(null, signal),
    listPending: async () => [],
    check: async (actor, id) => {
      await load(actor, brand<'task'>(id));
      return {
        taskId: brand<'task'>(TASK_ID),
        state: 'running',
        place: 'running',
        finished: false,
        error: null,
      };
    },
  };
  return { tasks, submitted, state };
}
