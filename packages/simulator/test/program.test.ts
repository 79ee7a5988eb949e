import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from '@comfleet/test-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const GRAPH = {
  '1': { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 1 } },
  '2': { class_type: 'SaveImage', inputs: { filename_prefix: 'sub/x', images: ['1', 0] } },
};

let folder: string;
const started: Program[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulator-'));
});
afterEach(async () => {
  for (const program of started.splice(0)) await program.stop('SIGKILL');
  await rm(folder, { recursive: true });
});

function start(...args: string[]): Program {
  const program = Program.node([PROGRAM, ...args]);
  started.push(program);
  return program;
}

/** Its address, once it has printed that it listens. */
const urlOf = (program: Program): Promise<string> => program.waitForLine(/To see the GUI go to: (\S+)/);

describe('the simulator as a program in the place of main.py', () => {
  it('says that it is ready, stops on SIGINT with exit code 0', async () => {
    const program = start('--port', '0', '--cpu', '--disable-auto-launch');
    expect((await fetch(`${await urlOf(program)}/system_stats`)).status).toBe(200);
    program.signal('SIGINT');
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.tail).toMatch(/Starting server[\s\S]*Stopped server/);
  });

  it('dies of SIGTERM', async () => {
    const program = start('--port', '0');
    await urlOf(program);
    program.signal('SIGTERM');
    expect(await program.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('exits 1 when the port is taken', async () => {
    const port = new URL(await urlOf(start('--port', '0'))).port;
    const program = start('--port', port);
    expect((await program.exited).code).toBe(1);
    expect(program.tail).toContain('EADDRINUSE');
  });

  it('says in the 0.33 profile that the port is taken, behind a coloured level as every line', async () => {
    const first = start('--port', '0', '--profile', '0.33', '--database-url', 'sqlite:///:memory:');
    const port = new URL(await urlOf(first)).port;
    const program = start('--port', port, '--profile', '0.33');
    expect((await program.exited).code).toBe(1);
    expect(program.tail).toContain(`[ERROR]\u001b[0m Port ${port} is already in use on address 127.0.0.1.`);
    expect(first.lines.join('\n')).toContain('\u001b[32m[INFO]\u001b[0m ComfyUI version: 0.33.0');
  });

  it('exits 2 on a bad flag value', async () => {
    expect((await start('--port', 'x').exited).code).toBe(2);
  });

  it('exits 1 when the base directory has no custom_nodes', async () => {
    expect((await start('--port', '0', '--base-directory', folder).exited).code).toBe(1);
  });

  it('tells its own command line in system_stats', async () => {
    const url = await urlOf(start('--port', '0', '--user-directory', folder, '--foo'));
    const stats = (await (await fetch(`${url}/system_stats`)).json()) as { system: { argv: string[] } };
    expect(stats.system.argv).toEqual(['main.py', '--port', '0', '--user-directory', folder, '--foo']);
  });

  it('writes files below the output folder and each act into the ledger before it answers', async () => {
    const ledger = join(folder, 'ledger.jsonl');
    const url = await urlOf(
      start('--port', '0', '--output-directory', join(folder, 'out'), '--ledger', ledger),
    );
    const sent = {
      prompt: GRAPH,
      prompt_id: 'p1',
      extra_data: { comfleet: { task: 't1', attempt: 2, epoch: 3 } },
    };
    await fetch(`${url}/prompt`, { method: 'POST', body: JSON.stringify(sent) });
    const lines = (await readFile(ledger, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find((line) => line.event === 'prompt_accepted')).toMatchObject({
      prompt_id: 'p1',
      task: 't1',
      attempt: 2,
      epoch: 3,
    });
    await waitForHistory(url, 'p1');
    expect(await readdir(join(folder, 'out', 'sub'))).toEqual(['x_00001_.png']);
  });
});

async function waitForHistory(url: string, promptId: string): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${url}/history/${promptId}`)).text();
    if (text !== '{}') return;
  }
}
