import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Comfleet } from '@comfleet/sdk';
import { openSimulator, type Simulator } from '@comfleet/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runComfleet, startComfleet } from './comfleet-process.ts';

let cwd: string;
let worker: Simulator;
let server: ReturnType<typeof startComfleet>;
let comfleet: Comfleet;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'comfleet-decide-test-'));
  worker = await openSimulator();
  server = startComfleet(['up', '--port', '0', '--no-example', '--worker', worker.url], { cwd });
  await server.lineOf(/code=/);
  const credential = JSON.parse(await readFile(join(cwd, '.comfleet', 'credential.json'), 'utf8'));
  comfleet = new Comfleet({ url: credential.url, token: credential.token });
});
afterAll(async () => {
  await server.stop();
  await worker.close();
  await rm(cwd, { recursive: true });
});

const run = (...args: string[]) => runComfleet(args, { cwd });

/** Submits a task whose worker restarts after its paid node ran; resolves when it is held for a decision. */
async function holdPaidTask(prompt: string): Promise<string> {
  const graph = {
    '1': { class_type: 'OpenAIDalle3', inputs: { prompt } },
    '2': { class_type: 'TestSleep', inputs: { value: ['1', 0], seconds: 3 } },
    '3': { class_type: 'SaveImage', inputs: { filename_prefix: 'paid', images: ['2', 0] } },
  };
  await writeFile(join(cwd, 'paid.json'), JSON.stringify(graph));
  const { out } = await run('run', 'paid.json', '--no-wait');
  const id = out[0] ?? '';
  await worker.ledger.waitFor((line) => line.event === 'paid' && line.task === id);
  worker.control.set({ name: 'restart', down_ms: 100 });
  for await (const frame of comfleet.tasks.watch(id)) {
    const seen = frame.kind === 'event' ? frame.event : frame.kind === 'snapshot' ? frame.task : null;
    if (seen?.held_reason === 'needs_decision') break;
  }
  return id;
}

/** Each task must end before the next restart: a worker that restarts before the download causes another question. */
async function whenEnded(id: string): Promise<void> {
  for await (const frame of comfleet.tasks.watch(id)) expect(frame.kind).not.toBe('unknown');
}

describe('a task with paid nodes that may have run', { timeout: 90_000 }, () => {
  it('TD16 is listed, says why it waits, and fails with the cause when a user gives it up', async () => {
    const id = await holdPaidTask('a cat');
    const listed = await run('tasks', 'list', '--held', 'needs_decision');
    const why = await run('tasks', 'why', id);
    const missing = await run('tasks', 'decide', id);
    const both = await run('tasks', 'decide', id, '--run-again', '--give-up');
    const given = await run('tasks', 'decide', id, '--give-up');
    const late = await run('tasks', 'decide', id, '--run-again');

    expect(listed.out.join('\n')).toMatch(new RegExp(`${id} +held .*Waiting for a decision`));
    expect(why.out[0]).toContain('may have been paid for. The worker forgot the prompt');
    expect([missing.status, both.status, given.status, late.status]).toEqual([2, 2, 0, 1]);
    expect(given.out[0]).toMatch(new RegExp(`^${id}  failed  `));
    expect((await comfleet.tasks.load(id)).error?.code).toBe('PROMPT_LOST');
  });

  it('TD16 runs once more when a user asks for it, also through the client', async () => {
    const first = await holdPaidTask('a dog');
    const again = await run('tasks', 'decide', first, '--run-again');
    await whenEnded(first);
    const second = await holdPaidTask('a bird');
    await comfleet.tasks.decide(second, 'run_again');
    await whenEnded(second);

    expect(again.status).toBe(0);
    for (const id of [first, second]) {
      const bills = worker.ledger.lines().filter((line) => line.event === 'paid' && line.task === id);
      expect([(await comfleet.tasks.load(id)).status, bills.length]).toEqual(['succeeded', 2]);
    }
  });
});
