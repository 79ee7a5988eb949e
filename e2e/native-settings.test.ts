import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOnDatabases } from './services/databases.ts';
import { picture, pictures } from './support/graphs.ts';

const SETTINGS = '/api/v2/admin/settings';

describeOnDatabases('settings at run time', (database) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({ database, simulators: [{}] });
    await server.whenOnline();
  });
  afterAll(() => server?.close());

  const put = (key: string, value: unknown) =>
    server.ask(server.token, `PUT ${SETTINGS}/${key}`, { body: { value } });
  const show = async (key: string) => (await server.ask(server.token, `GET ${SETTINGS}/${key}`)).json;
  const submit = (body: object) => server.ask(server.token, 'POST /api/v2/tasks', { body });
  const whenRead = (value: number) =>
    expect.poll(async () => (await show('limits.graph_problems')).file_value).toBe(value);

  test('CF5 limits of graphs, of results and of retries act from the next task on, and after a restart', async () => {
    await put('limits.graph_nodes', 2);
    await put('limits.result_files', 1);
    await put('nodes.load_balancing.max_retries', 0);
    const few = await submit({ graph: picture() });
    const many = await submit({ graph: { ...picture(), '3': picture()['1'] } });
    expect([few.status, many.status, many.json.error.details.limit]).toEqual([201, 422, 2]);

    const task = await server.run(server.token, { graph: pictures(3) });
    expect([task.results.length, task.warning_texts.length]).toEqual([1, 2]);
    const config = await server.ask(server.token, 'GET /api/v2/config');
    expect(config.json.defaults.max_attempts).toBe(1);

    await server.restart();
    expect((await submit({ graph: { ...picture(), '3': picture()['1'] } })).status).toBe(422);
    expect(await show('limits.graph_nodes')).toMatchObject({
      ...{ value: 2, source: 'run_time', default: 10_000 },
      changed_by: { name: 'local' },
    });
    await server.ask(server.token, `DELETE ${SETTINGS}/limits.graph_nodes`);
    expect((await submit({ graph: { ...picture(), '3': picture()['1'] } })).status).toBe(201);
  });

  test('CF5 twenty changes at once leave a history in which each begins where the last one ended', async () => {
    const values = Array.from({ length: 20 }, (_, index) => index + 5);
    await Promise.all(values.map((value) => put('limits.graph_problems', value)));
    const { changes } = (await server.ask(server.token, `GET ${SETTINGS}/history?key=limits.graph_problems`))
      .json;
    const inOrder = [...changes].reverse() as { before: number; after: number }[];

    expect(inOrder.map(({ before }) => before)).toEqual([
      100,
      ...inOrder.slice(0, -1).map(({ after }) => after),
    ]);
    expect(inOrder.map(({ after }) => after).sort((a, b) => a - b)).toEqual(values);
    expect((await show('limits.graph_problems')).value).toBe(inOrder.at(-1)?.after);
  });

  test('CF5 the file changes below a value of run time, says so, and decides after the reset', async () => {
    await put('limits.graph_problems', 11);
    await server.writeConfig(server.describe({ limits: { graph_problems: 44 } }));
    await whenRead(44);
    expect(await show('limits.graph_problems')).toMatchObject({ value: 11, source: 'run_time' });
    await expect
      .poll(() => server.lines.join('\n'))
      .toContain('The file does not decide what was changed at run time: limits.graph_problems');

    await server.ask(server.token, `DELETE ${SETTINGS}/limits.graph_problems`);
    expect(await show('limits.graph_problems')).toMatchObject({ value: 44, source: 'file' });
  });

  test('CF5 the level of the log changes at once', async () => {
    const readLog = () => readFile(join(server.dataDir, 'logs', 'system.log'), 'utf8');
    await put('logging.level', 'error');
    const before = await readLog();
    await put('limits.graph_problems', 12);
    expect(await readLog()).toBe(before);
    await server.ask(server.token, `DELETE ${SETTINGS}/logging.level`);
    expect((await readLog()).length).toBeGreaterThan(before.length);
  });

  test('P16 while the file is broken, a setting changes over the last good one', async () => {
    await writeFile(server.configFile, 'limits: { graph_problems: ');
    await expect.poll(() => server.lines.join('\n')).toContain('is refused');
    await put('limits.graph_nodes', 50);
    expect(await show('limits.graph_nodes')).toMatchObject({ value: 50 });
    await server.writeConfig(server.describe());
  });
});
