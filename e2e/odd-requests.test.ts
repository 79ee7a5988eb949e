import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { picture } from './support/graphs.ts';

let rig: RunningServer;
beforeAll(async () => {
  rig = await startServer({
    simulators: [{}],
    config: { auth: { open_registration: true }, limits: { waiting_per_client: 10 } },
  });
  await rig.whenOnline();
});
afterAll(() => rig?.close());

/** Sends these bytes; returns the status and the JSON body of the response. */
function sendRaw(text: string): Promise<{ status: number; json: ReturnType<typeof JSON.parse> }> {
  const { hostname, port } = new URL(rig.url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on('data', (bytes) => {
      answer += bytes;
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      resolve({ status: Number(head.split(' ')[1]), json: JSON.parse(body) });
    });
  });
}

function sendForm(path: string, body: string, type = 'multipart/form-data; boundary=x') {
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${new URL(rig.url).host}`,
    `authorization: Bearer ${rig.token}`,
    `content-type: ${type}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return sendRaw(`${head.join('\r\n')}\r\n\r\n${body}`);
}

const FILE =
  '--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nabc';

test.each([
  ['cut in the file', FILE, undefined],
  ['cut in a header', '--x\r\nContent-Disposition: form-da', undefined],
  ['no form at all', 'garbage', undefined],
  ['without a boundary', FILE, 'multipart/form-data'],
  ['with an empty boundary', FILE, 'multipart/form-data; boundary='],
])('ST5 an upload %s is 400, and 422 for the contract of jobs', async (_name, body, type) => {
  const native = await sendForm('/api/fleet/uploads', body, type);
  const asset = await sendForm('/api/v2/assets', body, type);

  expect(native).toMatchObject({ status: 400, json: { error: { code: 'INVALID_REQUEST' } } });
  expect(native.json.request_id).toEqual(expect.any(String));
  expect(asset).toMatchObject({ status: 422, json: { error: { code: 'invalid_request' } } });
});

test.each([
  ['tasks', 'TASK_NOT_FOUND'],
  ['batches', 'BATCH_NOT_FOUND'],
  ['workflows', 'WORKFLOW_NOT_FOUND'],
  ['jobs', 'not_found'],
  ['assets', 'not_found'],
])('ST5 ids of any length below /api/v2/%s are 404 in its envelope', async (route, code) => {
  for (const length of [201, 501, 9000]) {
    const { status, json } = await rig.ask(rig.token, `GET /api/v2/${route}/${'a'.repeat(length)}`);
    expect({ status, code: json.error.code }).toEqual({ status: 404, code });
  }
});

test('ST5 an unreadable request is refused in our envelope', async () => {
  const host = `host: ${new URL(rig.url).host}\r\nconnection: close\r\n\r\n`;
  const answers = [
    await sendRaw(`GET /api/v2/tasks/%ff% HTTP/1.1\r\n${host}`),
    await sendRaw(`GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${host}`),
    await sendRaw('not http\r\n\r\n'),
  ];

  expect(answers.map(({ status }) => status)).toEqual([400, 431, 400]);
  expect(answers.map(({ json }) => json.error.code)).toEqual(Array(3).fill('INVALID_REQUEST'));
});

test('ST6 a hundred submissions at once do not pass the limit of waiting tasks', async () => {
  const ada = await rig.register('ada', ['raw_graph']);
  await rig.setMaintenance(true);
  const send = (width: number) =>
    rig.ask(ada.token, 'POST /api/v2/tasks', { body: { graph: picture(width) } });
  const answers = await Promise.all(Array.from({ length: 100 }, (_item, index) => send(64 + index)));
  await rig.setMaintenance(false);

  const statuses = answers.map(({ status }) => status).sort();
  expect(statuses).toEqual([...Array(10).fill(201), ...Array(90).fill(429)]);
});

test('guessed secrets and codes are limited, lock nobody out, and do not fill the log', async () => {
  const ada = await rig.register('guessed', []);
  const log = join(rig.dataDir, 'logs', 'system.log');
  const countLines = () => readFileSync(log, 'utf8').match(/"http.refused"/g)?.length ?? 0;
  const before = countLines();
  const guess = (client_secret: string) =>
    rig.ask(null, 'POST /api/v2/auth/token', { body: { client_id: ada.id, client_secret } });
  const wrong = [];
  for (let turn = 0; turn < 200; turn += 1) wrong.push(await guess(`guess-${turn}`));
  const right = await guess(ada.secret);

  expect(wrong.slice(0, 20).map(({ status }) => status)).toEqual(Array(20).fill(401));
  expect(new Set(wrong.slice(20).map(({ status }) => status))).toEqual(new Set([429]));
  expect(wrong.at(-1)?.headers.get('retry-after')).toBe('1');
  expect(right.status).toBe(200);
  expect(countLines() - before).toBeLessThan(100);
});

test('ST8 data, outputs and log are readable by their user only', async () => {
  await rig.run(rig.token, { graph: picture(99) });
  const listed = execFileSync('find', [rig.dataDir, '-perm', '/077', '-printf', '%m %p\n']).toString();

  expect(listed).toBe('');
  expect(existsSync(join(rig.dataDir, 'outputs'))).toBe(true);
});

test('only outputs can be read by others, and only where the setting allows it', async () => {
  const shared = await startServer({ simulators: [{}], config: { comfyui: { output_access: 'everyone' } } });
  try {
    await shared.whenOnline();
    await shared.run(shared.token, { graph: picture() });
    const find = (...test: string[]) =>
      execFileSync('find', [shared.dataDir, ...test], { encoding: 'utf8' })
        .trim()
        .split('\n')
        .sort();
    const outputs = join(shared.dataDir, 'outputs');
    const readable = find('-perm', '/044', '-not', '-path', `${shared.dataDir}/blobs/*`);
    const [file = ''] = find('-name', 'red_*.png');

    expect(readable).toEqual([outputs, dirname(file), file].sort());
    expect(find('-perm', '/077', '-type', 'd', '-not', '-path', `${outputs}*`)).toEqual([shared.dataDir]);
  } finally {
    await shared.close();
  }
});
