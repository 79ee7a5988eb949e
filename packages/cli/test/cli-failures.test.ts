import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Task } from '@comfleet/contract';
import { describe, expect, it } from 'vitest';
import { openFleet, runComfleet, startComfleet } from './comfleet-process.ts';
import { useFleet } from './use-fleet.ts';

const fleet = useFleet();

const GRAPH = {
  '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 255 } },
  '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'cli' } },
};

describe('what goes wrong', () => {
  it('ends with 3 when no server answers', async () => {
    const { status, err } = await fleet.run('workers', 'list', '--url', 'http://127.0.0.1:9', '--token', 'x');

    expect(status).toBe(3);
    expect(err.at(-1)).toBe(
      'No Comfleet responds at http://127.0.0.1:9. Start one with: npx comfleet up (in a copy of the repository: npm start)',
    );
  });

  it('ends with 4 for a wrong token', async () => {
    const { url } = fleet.credential;

    expect((await fleet.run('workers', 'list', '--url', url, '--token', 'wrong')).status).toBe(4);
  });

  it('ends with 2 for a wrong command line', async () => {
    expect((await fleet.run('fly')).status).toBe(2);
    expect((await fleet.run('run', 'solid_color', '--priority', '11')).status).toBe(2);
    expect((await fleet.run('run', 'nothing.json')).status).toBe(2);
  });

  it('ends with 2 before anything runs when nothing can be saved in --out', async () => {
    await writeFile(join(fleet.cwd, 'taken'), '');
    const count = async () => (await fleet.run('tasks', 'list', '--limit', '1000')).out.length;
    const before = await count();

    const { status, err } = await fleet.run('run', 'solid_color', '--out', 'taken');

    expect([status, await count()]).toEqual([2, before]);
    expect(err[0]).toMatch(/^✗ Nothing can be saved in .*taken/);
  });

  it('J3 ends with 78 for a configuration that is not valid', async () => {
    await writeFile(join(fleet.cwd, 'bad.yaml'), 'server: { prot: 1 }\n');

    const { status, out } = await fleet.run('verify', '--config', 'bad.yaml');

    expect(status).toBe(78);
    expect(out[0]).toMatch(/^✗ configuration/);
  });

  it('TD11 names the node that failed, its class and its message', async () => {
    const failing = {
      '1': GRAPH['1'],
      '2': { class_type: 'TestSyncError', inputs: { value: ['1', 0] }, _meta: { title: 'My node' } },
      '3': { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'e' } },
    };
    await writeFile(join(fleet.cwd, 'failing.json'), JSON.stringify(failing));

    const { status, out, err } = await fleet.run('run', 'failing.json', '--json');

    expect(status).toBe(1);
    const why =
      'Node 2 "My node" (TestSyncError): RuntimeError: Intentional sync execution error for testing';
    expect(err.filter((line) => line.includes(why))).toEqual([
      expect.stringMatching(/^✗ Workflow .* failed: NODE_EXECUTION_ERROR Node 2/),
    ]);
    const { task_id: taskId, message } = JSON.parse(out.join('')) as Task;
    expect(message).toBe(why);
    for (const command of ['show', 'why', 'watch']) {
      const shown = await fleet.run('tasks', command, taskId);
      expect([...shown.out, ...shown.err].join('\n')).toContain(`NODE_EXECUTION_ERROR ${why}`);
    }
    expect((await fleet.run('tasks', 'list', '--limit', '1')).out.at(-1)).toContain(why);
    const chinese = await fleet.run('tasks', 'show', taskId, '--traceback', '--lang', 'zh');
    expect(chinese.out.join('\n')).toMatch(/节点 2“My node”（TestSyncError）：RuntimeError: .*\n.*File "/);
  });

  it('TD11 names each input of a graph that is refused, in Chinese too', async () => {
    const inputs = { ...GRAPH['1'].inputs, width: -1, height: 'x' };
    const graph = { ...GRAPH, '1': { ...GRAPH['1'], inputs } };
    await writeFile(join(fleet.cwd, 'refused.json'), JSON.stringify(graph));

    const { status, err } = await fleet.run('run', 'refused.json', '--lang', 'zh');

    expect(status).toBe(1);
    expect(err.slice(0, 2)).toEqual([
      '✗ INVALID_WORKFLOW：节点图无效。节点 1（EmptyImage），输入“width”：值 -1 小于最小值 1',
      "  节点 1（EmptyImage），输入“height”：不是 INT 类型的值：'x'",
    ]);
  });

  it('writes no colour and no bar into a pipe', async () => {
    const { out, err } = await fleet.run('run', 'solid_color');

    expect([...out, ...err].join('').includes('\u001b')).toBe(false);
  });
});

describe('without a server', () => {
  it('analyses a graph’s file', async () => {
    await writeFile(join(fleet.cwd, 'graph.json'), JSON.stringify(GRAPH));

    const { status, out } = await runComfleet(['workflows', 'analyse', 'graph.json'], { cwd: fleet.cwd });

    expect(status).toBe(0);
    expect(out[0]).toBe('2 nodes, 1 connections, 1 outputs');
  });

  it('DB2 prints the schema of each database', async () => {
    const { status, out } = await fleet.run('db', 'print-sql', '--driver', 'postgres');

    expect(status).toBe(0);
    expect(out.join('\n')).toMatch(/create table (if not exists )?"task"/);
  });

  it('acts as one ComfyUI until Ctrl-C', async () => {
    const simulator = startComfleet(['sim', '--port', '0'], { cwd: fleet.cwd });
    const url = (await simulator.lineOf(/^Simulated ComfyUI: /)).replace('Simulated ComfyUI: ', '');

    const stats = (await (await fetch(`${url}/system_stats`)).json()) as object;

    expect(stats).toHaveProperty('system');
    expect(await simulator.stop()).toBe(0);
  });
});

describe('comfleet up', () => {
  it('ends with 0 on Ctrl-C and leaves its port free', async () => {
    const own = await openFleet();
    const { url } = own.credential;

    expect(await own.close()).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });
});
