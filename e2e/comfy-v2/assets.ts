import { expect, test } from 'vitest';
import { PNG, picture } from '../support/graphs.ts';
import type { Actors } from './jobs.ts';
import { invert, outputOf } from './rig.ts';

const FIELDS = [
  ['content_type', 'image/png'],
  ['file_path', 'photos/dot.png'],
] as const;
const FREE_HASH = `blake3:${'0'.repeat(64)}`;
const text = (content: string) => Buffer.from(content);
const TEXT_FIELDS = [
  ['content_type', 'text/plain'],
  ['file_path', 'notes.txt'],
] as const;

/** Uploads, records over known bytes, ranges, deletion. */
export function describeAssets(actors: () => Actors): void {
  test('the first upload of some bytes answers 201, the second 200, each with its own record', async () => {
    const { rig, alice } = actors();
    const bytes = text('the first upload');
    const hash = 'blake3:ce0b78a0e67dbf1425590e74f5aea7a3765c24364fc37bf4f5ca0600c2530af9';
    const fields = [...TEXT_FIELDS, ['expected_hash', hash], ['tags', 'input'], ['tags', 'b']] as const;
    const first = await rig.upload(alice, bytes, fields);
    expect([first.status, first.json.created_new]).toEqual([201, true]);
    expect(first.json).toMatchObject({
      hash,
      size_bytes: 16,
      content_type: 'text/plain',
      file_path: 'notes.txt',
    });
    expect(first.json).not.toHaveProperty('job_id');
    const lifeMs = Date.parse(first.json.expires_at) - Date.parse(first.json.created_at);
    expect(lifeMs).toBe(7 * 24 * 3_600_000);
    const second = await rig.upload(alice, bytes, [...TEXT_FIELDS, ['expires_in', '60']]);
    expect([second.status, second.json.created_new]).toEqual([200, false]);
    expect(second.json.id).not.toBe(first.json.id);
    expect(Date.parse(second.json.expires_at) - Date.parse(second.json.created_at)).toBe(60_000);
    const shown = await rig.ask(alice, `GET /api/v2/assets/${first.json.id}`);
    expect(shown.json).toEqual({ ...first.json, created_new: undefined });
    expect(await (await fetch(shown.json.url)).text()).toBe('the first upload');
  });

  test('an upload whose bytes have another hash answers 409 and leaves nothing', async () => {
    const { rig, alice } = actors();
    const bytes = text('unexpected bytes');
    const answer = await rig.upload(alice, bytes, [...TEXT_FIELDS, ['expected_hash', FREE_HASH]]);
    expect([answer.status, answer.json.error.code]).toEqual([409, 'hash_mismatch']);
    const hash = 'blake3:5619e818363cb5cff4251702e9afb830fedce89069eee741e3659cc34f1a475d';
    expect((await rig.ask(alice, `HEAD /api/v2/assets/by-hash/${hash}`)).status).toBe(404);
  });

  test.each([
    ['no content_type', [['file_path', 'a.txt']]],
    ['no file_path', [['content_type', 'text/plain']]],
    [
      'a content_type that is none',
      [
        ['content_type', 'text'],
        ['file_path', 'a.txt'],
      ],
    ],
    [
      'a content_type with a line break',
      [
        ['content_type', 'text/plain\r\nx: y'],
        ['file_path', 'a.txt'],
      ],
    ],
    [
      'a path that leads out',
      [
        ['content_type', 'text/plain'],
        ['file_path', '../a.txt'],
      ],
    ],
    [
      'an absolute path',
      [
        ['content_type', 'text/plain'],
        ['file_path', '/etc/passwd'],
      ],
    ],
    ['a hash of another form', [...TEXT_FIELDS, ['expected_hash', 'sha256:00']]],
    ['a life too short', [...TEXT_FIELDS, ['expires_in', '59']]],
    ['a life too long', [...TEXT_FIELDS, ['expires_in', '604801']]],
    ['a life that is no number', [...TEXT_FIELDS, ['expires_in', 'soon']]],
  ] as const)('an upload with %s answers 422', async (_what, fields) => {
    const { rig, alice } = actors();
    const answer = await rig.upload(alice, text('never stored'), fields);
    expect([answer.status, answer.json.error.code]).toEqual([422, 'invalid_request']);
  });

  test('an upload without a file, of another type, or above the limit answers 422', async () => {
    const { rig, alice } = actors();
    const form = new FormData();
    form.append('content_type', 'text/plain');
    form.append('file_path', 'a.txt');
    const without = await rig.ask(alice, 'POST /api/v2/assets', { body: form });
    const json = await rig.ask(alice, 'POST /api/v2/assets', { body: { file_path: 'a.txt' } });
    const large = await rig.upload(alice, Buffer.alloc(300_000), TEXT_FIELDS);
    expect([without.status, json.status, large.status]).toEqual([422, 422, 422]);
    expect(large.json.error.details).toMatchObject({ limit_bytes: 200_000 });
  });

  test('an Idempotency-Key serves one upload; a failed one leaves it free', async () => {
    const { rig, alice } = actors();
    const headers = { 'idempotency-key': 'upload-once' };
    const wrong = [...TEXT_FIELDS, ['expected_hash', FREE_HASH]] as const;
    expect((await rig.upload(alice, text('keyed'), wrong, headers)).status).toBe(409);
    expect((await rig.upload(alice, text('keyed'), TEXT_FIELDS, headers)).status).toBe(201);
    for (const content of ['keyed', 'another body']) {
      const again = await rig.upload(alice, text(content), TEXT_FIELDS, headers);
      expect([again.status, again.json.error.code]).toEqual([422, 'idempotency_key_reuse']);
    }
    const many = await Promise.all(
      Array.from({ length: 10 }, (_item, index) =>
        rig.upload(alice, text(`at once ${index}`), TEXT_FIELDS, { 'idempotency-key': 'upload-at-once' }),
      ),
    );
    expect(many.filter(({ status }) => status === 201).length).toBe(1);
    expect(many.filter(({ status }) => status === 422).length).toBe(9);
  });

  test('from-hash makes a record over known bytes, returns an identical one, and knows no bytes of others', async () => {
    const { rig, alice, bob } = actors();
    const { json: upload } = await rig.upload(alice, text('known bytes'), TEXT_FIELDS);
    const mint = (client: typeof alice, body: unknown) =>
      rig.ask(client, 'POST /api/v2/assets/from-hash', { body });
    const made = await mint(alice, { hash: upload.hash, file_path: 'copy.txt', tags: ['x'], expires_in: 60 });
    expect([made.status, made.json.created_new, made.json.file_path]).toEqual([201, false, 'copy.txt']);
    expect(made.json.id).not.toBe(upload.id);
    const same = await mint(alice, { hash: upload.hash, file_path: 'copy.txt' });
    expect([same.status, same.json.id]).toEqual([200, made.json.id]);
    // Referencing it again extends its lifetime from a minute to the platform's week.
    expect(Date.parse(same.json.expires_at)).toBeGreaterThan(Date.parse(made.json.expires_at) + 86_400_000);
    const foreign = await mint(bob, { hash: upload.hash });
    const unknown = await mint(bob, { hash: FREE_HASH });
    expect([foreign.status, foreign.json.error.code]).toEqual([404, 'blob_not_found']);
    expect(foreign.text).toBe(unknown.text);
    for (const body of [{ hash: 'nonsense' }, { hash: 7 }, {}, [], 'not JSON'])
      expect((await mint(alice, body)).text).toBe(unknown.text);
  });

  test('HEAD by-hash answers 200 for bytes of mine, 404 for others', async () => {
    const { rig, alice, bob } = actors();
    const { json: upload } = await rig.upload(alice, text('whose bytes'), TEXT_FIELDS);
    const head = async (client: typeof alice, hash: string) =>
      (await rig.ask(client, `HEAD /api/v2/assets/by-hash/${encodeURIComponent(hash)}`)).status;
    expect(await head(alice, upload.hash)).toBe(200);
    expect([await head(bob, upload.hash), await head(alice, FREE_HASH), await head(alice, 'x')]).toEqual([
      404, 404, 404,
    ]);
  });

  test('content is sent whole or in ranges; a range outside of it answers 416', async () => {
    const { rig, alice } = actors();
    const { json: upload } = await rig.upload(alice, text('0123456789'), TEXT_FIELDS);
    const read = (headers: Record<string, string>) =>
      rig.ask(alice, `GET /api/v2/assets/${upload.id}/content`, { headers });
    const whole = await read({});
    expect([whole.status, whole.text, whole.headers.get('content-type')]).toEqual([
      200,
      '0123456789',
      'application/octet-stream',
    ]);
    const known = await read({ 'if-none-match': whole.headers.get('etag') ?? '' });
    expect([known.status, known.text]).toEqual([200, '0123456789']);
    const ranges = [];
    for (const range of ['bytes=0-3', 'bytes=7-', 'bytes=-2', 'bytes=0-1,4-5', 'bytes=10-', 'bytes=-0']) {
      const { status, text: part, headers } = await read({ range });
      ranges.push([range, status, part, headers.get('content-range')]);
    }
    expect(ranges).toEqual([
      ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
      ['bytes=7-', 206, '789', 'bytes 7-9/10'],
      ['bytes=-2', 206, '89', 'bytes 8-9/10'],
      ['bytes=0-1,4-5', 200, '0123456789', null],
      ['bytes=10-', 416, '', 'bytes */10'],
      ['bytes=-0', 416, '', 'bytes */10'],
    ]);
  });

  test('an asset is deleted once; its bytes stay for the records that share them', async () => {
    const { rig, alice } = actors();
    const first = (await rig.upload(alice, text('shared'), TEXT_FIELDS)).json;
    const second = (await rig.upload(alice, text('shared'), TEXT_FIELDS)).json;
    const remove = () => rig.ask(alice, `DELETE /api/v2/assets/${first.id}`);
    expect([(await remove()).status, (await remove()).status]).toEqual([204, 404]);
    expect((await rig.ask(alice, `GET /api/v2/assets/${first.id}`)).status).toBe(404);
    expect((await rig.ask(alice, `GET /api/v2/assets/${second.id}/content`)).text).toBe('shared');
  });

  test('an asset that a job needs answers 409 without saying why, and can be deleted afterwards', async () => {
    const { rig, alice } = actors();
    const { json: upload } = await rig.upload(alice, PNG, FIELDS);
    const reference = { __type: 'core/ASSET', info: { id: upload.id } };
    const job = await rig.submit(alice, invert(reference, 60));
    const held = await rig.ask(alice, `DELETE /api/v2/assets/${upload.id}`);
    expect([held.status, held.json.error.code, held.json.error.details]).toEqual([409, 'asset_in_use', null]);
    await rig.ask(alice, `POST /api/v2/jobs/${job.id}/cancel`);
    await rig.waitForJob(alice, job.id, ({ status }) => status === 'canceled');
    expect((await rig.ask(alice, `DELETE /api/v2/assets/${upload.id}`)).status).toBe(204);
  });

  test('a core/ASSET object becomes the file on the worker', async () => {
    const { rig, alice } = actors();
    const { json: upload } = await rig.upload(alice, PNG, FIELDS);
    const reference = {
      __type: 'core/ASSET',
      info: { id: upload.id, hash: upload.hash, file_path: 'ignored.png' },
    };
    const job = await rig.submit(alice, invert(reference));
    const done = await rig.waitForJob(alice, job.id, ({ status }) => status === 'succeeded');
    expect(done.outputs.length).toBe(1);
    const { json } = await rig.ask(alice, `GET /api/v2/jobs/${job.id}/workflow`);
    expect(json.workflow['1']?.inputs.image).toBe('dot.png');
  });

  const reference = (info: unknown) => ({ __type: 'core/ASSET', info });
  test.each([
    ['without info', () => ({ __type: 'core/ASSET' })],
    ['without an id', () => reference({ hash: FREE_HASH })],
    ['with an id that is no text', () => reference({ id: 7 })],
    ['with an empty id', () => reference({ id: '' })],
    ['with a file name as id', () => reference({ id: 'dot.png' })],
    ['with a path as id', () => reference({ id: '../../etc/passwd' })],
    ['with data as id', () => reference({ id: `data:image/png;base64,${PNG.toString('base64')}` })],
    ['with an unknown id', () => reference({ id: '01900000-0000-7000-8000-0000000000ff' })],
    ['with an id of somebody else', (foreign: string) => reference({ id: foreign })],
    ['inside a list', (foreign: string) => [reference({ id: foreign })]],
  ])('a core/ASSET object %s answers 422 missing_asset', async (_what, create) => {
    const { rig, alice, bob } = actors();
    const { json: foreign } = await rig.upload(bob, PNG, FIELDS);
    await rig.upload(alice, PNG, FIELDS);
    const body = { workflow: invert(create(foreign.id)) };
    const answer = await rig.ask(alice, 'POST /api/v2/jobs', { body });
    expect([answer.status, answer.json.error.code]).toEqual([422, 'missing_asset']);
    expect(answer.json.error.details).toMatchObject({ node_id: '1', input: 'image' });
  });

  test('outputs can be inputs of the next job, for their owner', async () => {
    const { rig, alice } = actors();
    const first = await rig.submit(alice, picture(96));
    const done = await rig.waitForJob(alice, first.id, ({ status }) => status === 'succeeded');
    const next = await rig.submit(alice, invert(reference({ id: outputOf(done).id })));
    const result = await rig.waitForJob(alice, next.id, ({ status }) => status === 'succeeded');
    expect(outputOf(result).content_type).toBe('image/png');
  });
}
