import { describe, expect, it } from 'vitest';
import { answer, createFakeFetch, makeTask, refusal, SUBMITTED } from '../test/fakes.ts';
import { Comfleet } from './comfleet.ts';

const PENDING = {
  task_id: 'task-1',
  prompt_id: 'prompt-1',
  status: 'running',
  workflow_name: 'text_to_image',
  worker_name: 'gpu-1',
  connection: 'connected',
  phase: 'running',
  age_seconds: 301.26,
};

function open(...answers: (Response | Error)[]) {
  const infos: string[] = [];
  const errors: unknown[][] = [];
  const { fetch, requests } = createFakeFetch(...answers);
  const log = {
    info: (line: string) => void infos.push(line),
    error: (...all: unknown[]) => void errors.push(all),
  };
  return { comfleet: new Comfleet({ url: 'http://server', fetch, log }), infos, errors, requests };
}

describe('debugging', () => {
  it('CL8 lists open tasks with age, workflow, worker and connection', async () => {
    const { comfleet, infos } = open(answer({ pending: [PENDING] }));
    const { debugTaskStatus } = comfleet.debug;

    expect(await debugTaskStatus()).toEqual([PENDING]);
    expect(infos).toEqual([
      '1 open tasks',
      'task-1 running 301.3 s text_to_image gpu-1 (connected) prompt-1',
    ]);
  });

  it('CL8 remembers this client’s tasks until they are seen to end', async () => {
    const ended = { ...makeTask({ status: 'succeeded' }), attempts: [] };
    const { comfleet } = open(answer(SUBMITTED), answer(ended));

    await comfleet.tasks.submit({});
    expect([...comfleet.debug.pendingTasks.keys()]).toEqual(['task-1']);
    await comfleet.tasks.load('task-1');
    expect(comfleet.debug.pendingTasks.size).toBe(0);
  });

  it('CL9 has one task checked by its prompt id', async () => {
    const checked = { task_id: 'task-1', status: 'succeeded', place: 'history', finished: true, error: null };
    const { comfleet, requests } = open(answer(checked));

    expect(await comfleet.debug.checkTaskStatusManually('prompt-1')).toEqual(checked);
    expect(requests[0]).toMatchObject({
      method: 'POST',
      url: 'http://server/api/fleet/debug/check/prompt-1',
    });
  });

  it('CL9 logs an error instead of throwing', async () => {
    const { comfleet, errors } = open(refusal('TASK_NOT_FOUND', 404));

    expect(await comfleet.debug.checkTaskStatusManually('nothing')).toBe(null);
    expect(errors).toHaveLength(1);
    expect(errors[0]?.[0]).toBe('Checking nothing failed');
  });
});
