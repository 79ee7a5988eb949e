import type { Json } from '@comfleet/test-kit/server';
import { expect } from 'vitest';
import { PNG, picture, pictureForm, slowPicture } from '../support/graphs.ts';
import type { Cases, Proof, Stage } from './stage.ts';

const UPLOADS = '/api/fleet/uploads';
const ASSETS = '/api/v2/assets';
const JOBS = '/api/v2/jobs';

let made = 0;
/** Bytes that no other file has. */
function freshBytes(): Uint8Array<ArrayBuffer> {
  made += 1;
  return new Uint8Array(Buffer.from(`bytes of file ${made}`));
}

/** A form of the Comfy API v2 with the required fields and these. */
function toForm(fields: Json, bytes = freshBytes()): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries({ content_type: 'text/plain', file_path: 'a.txt', ...fields }))
    for (const one of [value].flat()) form.append(name, String(one));
  form.append('file', new Blob([bytes]), 'a.txt');
  return form;
}

const upload = (stage: Stage, fields: Json) => stage.get(`POST ${ASSETS}`, toForm(fields));
const refuses = (stage: Stage, names: string, fields: Json) =>
  stage.refuses(`POST ${ASSETS}`, { status: 422, names, body: toForm(fields) });

/** Seconds until an asset expires. */
const lifetime = (asset: Json) => Math.round((Date.parse(asset.expires_at) - Date.now()) / 1000);

/** A record made from bytes that are already stored. */
async function fromHash(stage: Stage, more: Json): Promise<Json> {
  const { hash } = await upload(stage, {});
  return stage.get(`POST ${ASSETS}/from-hash`, { hash, ...more });
}

const submit = (stage: Stage, body: Json) => stage.get(`POST ${JOBS}`, { workflow: picture(152), ...body });

const SECRET: Proof = async (stage) => {
  const secret = 'key-of-this-prompt';
  const { id } = await submit(stage, {
    workflow: slowPicture(60),
    extra_data: { api_key_comfy_org: secret },
  });
  await stage.server.follow(stage.token, `/api/v2/tasks/${id}/events`, ({ data }) => {
    return data.event?.type === 'attempt.started' || data.task?.status === 'running';
  });
  const queues = await Promise.all(
    stage.server.simulators.map(async ({ url }) => (await fetch(`${url}/queue`)).text()),
  );
  await stage.get(`POST ${JOBS}/${id}/cancel`);
  expect(queues.join()).toContain(secret);
  const body = { workflow: picture(), extra_data: { other: 1 } };
  await stage.refuses(`POST ${JOBS}`, { status: 422, names: 'other', body });
};

/** An idempotency key belongs to the first request that used it. */
const usesKey = (send: (stage: Stage, headers: Record<string, string>) => Promise<number>): Proof => {
  return async (stage) => {
    const headers = { 'idempotency-key': 'once' };
    expect([await send(stage, headers), await send(stage, headers)]).toEqual([201, 422]);
  };
};

export const fileCases: Cases = {
  [`POST ${UPLOADS}`]: {
    'body.file': async (stage) => {
      const { size_bytes: size } = await stage.get(`POST ${UPLOADS}`, pictureForm('a.png'));
      expect(size).toBe(PNG.length);
      const body = pictureForm('a.png', PNG, 'surprise');
      await stage.refuses(`POST ${UPLOADS}`, { status: 400, names: 'surprise', body });
    },
  },
  [`GET ${UPLOADS}`]: {
    'query.limit': async (stage) => {
      for (const name of ['a.png', 'b.png']) await stage.get(`POST ${UPLOADS}`, pictureForm(name));
      expect((await stage.get(`GET ${UPLOADS}?limit=1`)).uploads).toMatchObject([{ name: 'b.png' }]);
    },
  },
  'GET /api/fleet/assets/{id}/content': {
    'query.expires': async (stage) => {
      const { url } = await stage.get(`POST ${UPLOADS}`, pictureForm('a.png'));
      const ask = async (address: string) =>
        (await stage.ask(`GET ${address}`, undefined, { token: null })).status;
      const later = url.replace(/expires=(\d+)/, (_all: string, at: string) => `expires=${Number(at) + 1}`);
      expect([await ask(url), await ask(later)]).toEqual([200, 403]);
    },
  },
  [`POST ${ASSETS}`]: {
    'header.idempotency-key': usesKey(async (stage, headers) => {
      return (await stage.ask(`POST ${ASSETS}`, toForm({}), { headers })).status;
    }),
    'body.file': async (stage) => {
      expect((await stage.get(`POST ${ASSETS}`, toForm({}, new Uint8Array(5)))).size_bytes).toBe(5);
    },
    'body.content_type': async (stage) => {
      expect((await upload(stage, { content_type: 'text/csv' })).content_type).toBe('text/csv');
      await refuses(stage, 'content_type', { content_type: 'nonsense' });
    },
    'body.file_path': async (stage) => {
      expect((await upload(stage, { file_path: 'in/b.txt' })).file_path).toBe('in/b.txt');
      await refuses(stage, 'file_path', { file_path: '../b.txt' });
    },
    'body.expected_hash': async (stage) => {
      const bytes = freshBytes();
      const { hash } = await stage.get(`POST ${ASSETS}`, toForm({}, bytes));
      const send = async (expected_hash: string) =>
        (await stage.ask(`POST ${ASSETS}`, toForm({ expected_hash }, bytes))).status;
      expect([await send(hash), await send(`blake3:${'0'.repeat(64)}`)]).toEqual([200, 409]);
    },
    'body.tags': async (stage) => {
      await refuses(stage, 'tags', { tags: ['x'.repeat(101)] });
      expect((await upload(stage, { tags: ['input'] })).id).toBeDefined();
    },
    'body.expires_in': async (stage) => {
      const seconds = lifetime(await upload(stage, { expires_in: 120 }));
      expect(seconds).toBeGreaterThan(60);
      expect(seconds).toBeLessThanOrEqual(120);
      await refuses(stage, 'expires_in', { expires_in: 59 });
    },
  },
  [`POST ${ASSETS}/from-hash`]: {
    'body.hash': async (stage) => {
      const { hash } = await upload(stage, {});
      expect((await stage.get(`POST ${ASSETS}/from-hash`, { hash })).hash).toBe(hash);
      const body = { hash: `blake3:${'0'.repeat(64)}` };
      await stage.refuses(`POST ${ASSETS}/from-hash`, { status: 404, names: 'blob_not_found', body });
    },
    'body.file_path': async (stage) => {
      expect((await fromHash(stage, { file_path: 'in/c.txt' })).file_path).toBe('in/c.txt');
    },
    'body.tags': async (stage) => {
      expect((await fromHash(stage, { file_path: 'tagged.txt', tags: ['input'] })).id).toBeDefined();
    },
    'body.expires_in': async (stage) => {
      const seconds = lifetime(await fromHash(stage, { file_path: 'd.txt', expires_in: 120 }));
      expect(seconds).toBeGreaterThan(60);
      expect(seconds).toBeLessThanOrEqual(120);
    },
  },
  [`POST ${JOBS}`]: {
    'header.idempotency-key': usesKey(async (stage, headers) => {
      return (await stage.ask(`POST ${JOBS}`, { workflow: picture() }, { headers })).status;
    }),
    'body.workflow': async (stage) => {
      const { id } = await submit(stage, {});
      expect((await stage.get(`GET ${JOBS}/${id}/workflow`)).workflow['1'].inputs.width).toBe(152);
      await stage.refuses(`POST ${JOBS}`, { status: 422, names: 'workflow', body: { workflow: 1 } });
    },
    'body.extra_data': SECRET,
    'body.extra_data.api_key_comfy_org': SECRET,
  },
};
