import { afterEach, beforeEach, expect, test } from 'vitest';
import { ASSET_ID, PICTURE, TASK_ID } from '../../../test/kit/fake-calls/samples.ts';
import { openTestServer, type TestServer } from '../../../test/kit/test-server.ts';
import { toAssetPath } from '../../platform/http/signed-links.ts';

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(async () => {
  await server.close();
});

function get(url: string, headers: Record<string, string> = server.owner.headers) {
  return server.app.inject({ url, headers });
}

test('RS2 a single result downloads as itself, by index or without', async () => {
  for (const query of ['', '?index=0']) {
    const answer = await get(`/api/v2/tasks/${TASK_ID}/download${query}`);
    expect(answer.rawPayload.equals(PICTURE)).toBe(true);
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'content-disposition': 'attachment; filename="cat_0.png"',
    });
  }
  expect((await get(`/api/v2/tasks/${TASK_ID}/download?index=9`)).json().error.code).toBe('RESULT_NOT_FOUND');
});

test('RS2 several results download as one ZIP of all', async () => {
  server.fakeTask.results = 3;
  const answer = await get(`/api/v2/tasks/${TASK_ID}/download`);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/zip',
    'content-disposition': 'attachment; filename="cats.zip"',
  });
  expect(answer.rawPayload.subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004');
  expect(answer.headers['content-length']).toBe(String(answer.rawPayload.length));
  expect(['cat_0.png', 'cat_1.png', 'cat_2.png'].map((name) => answer.rawPayload.includes(name))).toEqual([
    true,
    true,
    true,
  ]);
});

test('a task without results says that it has not finished', async () => {
  server.fakeTask.results = 0;
  const answer = await get(`/api/v2/tasks/${TASK_ID}/download`);
  expect([answer.statusCode, answer.json().error.code]).toEqual([409, 'TASK_NOT_FINISHED']);
});

test('WF23 the executed graph is answered as stored', async () => {
  const answer = await get(`/api/fleet/tasks/${TASK_ID}/graph`);
  expect(answer.body).toBe(
    '{"3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615,"cfg":1.0}}}',
  );
});

test('RS9 a picture is uploaded by multipart, listed and deleted', async () => {
  const boundary = 'xyz';
  const payload = [
    `--${boundary}`,
    'content-disposition: form-data; name="image"; filename="../in 猫.png"',
    'content-type: image/png',
    '',
    'bytes',
    `--${boundary}--`,
    '',
  ].join('\r\n');
  const headers = { ...server.owner.headers, 'content-type': `multipart/form-data; boundary=${boundary}` };
  const answer = await server.app.inject({ method: 'POST', url: '/api/fleet/uploads', headers, payload });
  expect(answer.statusCode).toBe(201);
  expect(answer.json()).toMatchObject({ upload_id: ASSET_ID, name: 'in 猫.png' });
  expect(server.owned.calls).toEqual([['upload', 'in 猫.png', 'picture', 'bytes']]);
  expect((await get('/api/fleet/uploads')).json().uploads.length).toBe(1);
});

test.each(['file', 'image', 'mask'])(
  'a second file in the field %s is refused, and nothing is stored',
  async (field) => {
    const part = (name: string) =>
      `--xyz\r\ncontent-disposition: form-data; name="${name}"; filename="a.png"\r\n\r\nbytes\r\n`;
    const payload = `${part('file')}${part(field)}--xyz--\r\n`;
    const headers = { ...server.owner.headers, 'content-type': 'multipart/form-data; boundary=xyz' };
    const answer = await server.app.inject({ method: 'POST', url: '/api/fleet/uploads', headers, payload });
    expect([answer.statusCode, answer.json().error]).toMatchObject([
      400,
      {
        code: 'INVALID_REQUEST',
        details: { problems: [{ path: field, message: 'a second file; send one file in a request' }] },
      },
    ]);
    expect(server.owned.calls).toEqual([]);
  },
);

test('RS9 a picture above the limit answers 413', async () => {
  const small = await openTestServer({ config: 'limits: { upload_bytes: 1024 }' });
  const payload = `--xyz\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\n${'x'.repeat(5000)}\r\n--xyz--\r\n`;
  const headers = { ...small.owner.headers, 'content-type': 'multipart/form-data; boundary=xyz' };
  const answer = await small.app.inject({ method: 'POST', url: '/api/fleet/uploads', headers, payload });
  expect([answer.statusCode, answer.json().error.code]).toEqual([413, 'BODY_TOO_LARGE']);
  await small.close();
});

test('a signed link shows a file without a bearer until it expires', async () => {
  const url = server.links.sign(toAssetPath(ASSET_ID));
  const shown = await get(url, {});
  expect([shown.statusCode, shown.headers['content-disposition']]).toEqual([
    200,
    'inline; filename="in.png"',
  ]);
  expect((await get(url, { range: 'bytes=0-2' })).body).toBe('not');
  expect((await get(url.replace(/signature=./, 'signature=_'), {})).statusCode).toBe(403);
  server.clock.advance(2 * 3_600_000);
  expect((await get(url, {})).statusCode).toBe(403);
});
