import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runComfleet, startComfleet } from './comfleet-process.ts';

let cwd: string;
let server: ReturnType<typeof startComfleet>;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'comfleet-cli-test-'));
  server = startComfleet(['up', '--port', '0', '--no-example'], { cwd });
  await server.lineOf(/code=/);
});
afterEach(async () => {
  await server.stop();
  await rm(cwd, { recursive: true });
});

const write = (name: string, text: string) => writeFile(join(cwd, '.comfleet', name), text);
const run = (...args: string[]) => runComfleet(args, { cwd });

const GRAPH = `{
  "1": { "class_type": "EmptyImage", "inputs": { "width": 64, "height": 64, "batch_size": 1, "color": 255 } },
  "2": { "class_type": "SaveImage", "inputs": { "images": ["1", 0], "filename_prefix": "own" } }
}`;
const define = (node: string) => `task_types:
  custom:
    workflows:
      own:
        workflow_file: own.json
        parameter_mapping:
          width: { node_id: "${node}", input_name: width }
`;

it('CF3 tells the terminal of a running server what came of files that change, and every command where it stands', async () => {
  await write('own.json', GRAPH);
  await write('config.yaml', `limits: { json_depth: 40 }\n${define('9')}`);
  await server.lineOf(/config\.yaml was read again\. In force now: task_types\.custom/);
  await server.lineOf(/^! Takes effect after a restart: limits\.json_depth/);
  const refused = /config\.yaml:8:20 workflow "own": parameter "width": the graph has no node "9"/;
  await server.lineOf(refused);

  expect((await run('workflows', 'list')).err).toContainEqual(expect.stringMatching(refused));
  const verified = await run('verify');
  expect(verified.status).toBe(78);
  expect(verified.out.filter((line) => /✗|own/.test(line))).toEqual([
    expect.stringMatching(/^✗ configuration: .*config\.yaml:8:20 workflow "own"/),
    expect.stringMatching(/^✗ workflows: .*config\.yaml:8:20 workflow "own"/),
  ]);

  await write('config.yaml', `limits: { json_depth: 40 }\n${define('1')}`);
  await server.lineOf(/^Nothing in the configuration or the workflows is refused now/);
  expect((await run('run', 'own', '--param', 'width=32')).status).toBe(0);

  await write('own.json', GRAPH.replace('} }\n}', '}, }\n}'));
  await server.lineOf(/own\.json:3:\d+ workflow "own": this is no JSON from here on/);
  expect((await run('run', 'own')).status).toBe(0);
});

it('P16 keeps the configuration before a mistake, and says line, column and the nearest key', async () => {
  await write('config.yaml', 'logging:\n  levle: debug\n');

  await server.lineOf(/config\.yaml changed and is not valid; the previous configuration stays in force/);
  await server.lineOf(/config\.yaml:2:3 logging\.levle: unknown key; did you mean "level"\?/);
  const { err } = await run('workflows', 'list');
  expect(err).toContainEqual(expect.stringMatching(/config\.yaml:2:3 logging\.levle: unknown key/));
  const again = await run('up', '--data', join(cwd, '.comfleet'));
  expect([again.status, again.out]).toEqual([
    78,
    [
      'The configuration is not valid:',
      expect.stringMatching(/config\.yaml:2:3 logging\.levle: unknown key; did you mean "level"\?/),
      'Correct it and start again. Every key: docs/reference/config.md',
    ],
  ]);
});
