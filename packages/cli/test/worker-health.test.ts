import type { CheckedWorker, WorkerEventList } from '@comfleet/contract';
import { openSimulator, type Simulator } from '@comfleet/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, useFleet } from './use-fleet.ts';

const fleet = useFleet();
let gpu: Simulator;
beforeAll(async () => {
  gpu = await openSimulator();
  await fleet.run('workers', 'add', gpu.url, '--name', 'gpu');
});
afterAll(async () => {
  await gpu.close();
});

const run = async <T>(...args: string[]): Promise<T> => parse<T>((await fleet.run(...args, '--json')).out);
const check = async () => (await run<{ workers: CheckedWorker[] }>('workers', 'check', 'gpu')).workers[0];

describe('comfleet workers', () => {
  it('HR15 check says what it found and how fast', async () => {
    const found = (await check())?.check;
    expect(found).toMatchObject({ result: 'ok', message: expect.stringMatching(/^answered in \d+ ms$/) });
    expect(found?.latency_ms).toBeGreaterThan(0);
    const { status, out } = await fleet.run('workers', 'check', 'gpu');
    expect([status, out.at(-1)]).toEqual([0, expect.stringMatching(/^gpu +ok +[\d.]+ ms +answered in/)]);
  });

  it('HR17 HR18 show says in Chinese that another server answers, accept takes it in, events keep both', async () => {
    gpu.control.set({ name: 'identity', argv: ['main.py', '--port', '1'], times: 'until_cleared' });
    expect((await check())?.check.result).toBe('other_server');
    const shown = await fleet.run('workers', 'show', 'gpu', '--lang', 'zh');
    expect(shown.out[2]).toContain('如属预期更换，请确认：npx comfleet workers accept NAME');
    const accepted = await fleet.run('workers', 'accept', 'gpu');
    expect([accepted.status, accepted.out.at(-1)]).toEqual([0, expect.stringMatching(/^gpu +ok/)]);
    const { events } = await run<WorkerEventList>('workers', 'events', 'gpu');
    const types = events.map(({ type }) => type);
    expect(types).toContain('worker.error');
    expect(types.filter((type) => type === 'worker.identity')).toHaveLength(2);
    expect(types.at(-1)).toBe('worker.added');
  });

  it('HR17 events of all workers come newest first, as many as asked for', async () => {
    const { out } = await fleet.run('workers', 'events', '--limit', '3');
    expect(out[0]).toMatch(/^AT +WORKER +WHAT +AFTER +CAUSE/);
    expect(out).toHaveLength(4);
  });
});
