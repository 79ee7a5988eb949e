import { createCertificate, demandAuthorization, type Gateway, openGateway } from '@comfleet/test-kit';
import type { Json } from '@comfleet/test-kit/server';
import { expect } from 'vitest';
import type { Cases, Proof, Stage } from './stage.ts';

const WORKERS = '/api/fleet/workers';

/** The settings of a worker behind a gateway that let its requests through; without them they are refused. */
interface Login {
  settings: Json;
  refuse: Gateway['refuse'];
}

const BASIC: Login = {
  settings: { auth: { username: 'ada', password: 'secret' } },
  refuse: demandAuthorization(`Basic ${Buffer.from('ada:secret').toString('base64')}`),
};
const BEARER: Login = {
  settings: { auth: { token: 'a-token' } },
  refuse: demandAuthorization('Bearer a-token'),
};
const HEADERS: Login = {
  settings: { headers: { 'x-studio': 'nine' } },
  refuse: (headers) => (headers['x-studio'] === 'nine' ? null : { status: 403 }),
};

const certificate = createCertificate({ name: 'gateway', hosts: ['localhost', '127.0.0.1'] });

async function behindGateway(
  { stranger }: Stage,
  isSecure: boolean,
  show: (gateway: Gateway) => Promise<void>,
): Promise<void> {
  const gateway = await openGateway({ target: stranger.url, ...(isSecure && { certificate }) });
  try {
    await show(gateway);
  } finally {
    await gateway.close();
  }
}

/** Whether a ComfyUI can join with these settings; it leaves at once. */
async function joins(stage: Stage, settings: Json): Promise<boolean> {
  const answer = await stage.ask(`POST ${WORKERS}`, { name: 'guarded', ...settings });
  if (answer.status !== 201) {
    expect([answer.status, answer.json.error.code]).toEqual([502, 'WORKER_UNREACHABLE']);
    return false;
  }
  await stage.get(`DELETE ${WORKERS}/${answer.json.worker_id}?mode=move`);
  return true;
}

/** Whether a worker of the fleet responds after a change. */
async function answersAfter(stage: Stage, url: string, { first, changes }: { first: Json; changes: Json }) {
  const { worker_id: id } = await stage.get(`POST ${WORKERS}`, { name: 'guarded', url, ...first });
  try {
    await stage.get(`PATCH ${WORKERS}/${id}`, changes);
    return (await stage.get(`POST ${WORKERS}/${id}/check`)).check.result === 'ok';
  } finally {
    await stage.get(`DELETE ${WORKERS}/${id}?mode=move`);
  }
}

const joinsWith =
  ({ settings, refuse }: Login): Proof =>
  (stage) =>
    behindGateway(stage, false, async (gateway) => {
      gateway.refuse = refuse;
      expect(await joins(stage, { url: gateway.url })).toBe(false);
      expect(await joins(stage, { url: gateway.url, ...settings })).toBe(true);
    });

/** A change that breaks the gateway's requirement, and one that does not affect it. */
const changesTo =
  ({ settings, refuse }: Login, wrong: Json): Proof =>
  (stage) =>
    behindGateway(stage, false, async (gateway) => {
      gateway.refuse = refuse;
      const { url } = gateway;
      expect(await answersAfter(stage, url, { first: settings, changes: { weight: 2 } })).toBe(true);
      expect(await answersAfter(stage, url, { first: settings, changes: wrong })).toBe(false);
    });

const TRUSTED = { tls: { ca: certificate.cert, verify: true } };
const SYSTEM = { tls: { ca: null, verify: true } };
const ANY = { tls: { ca: null, verify: false } };

const joinsByTls: Proof = (stage) =>
  behindGateway(stage, true, async ({ url }) => {
    const tried = [await joins(stage, { url, ...TRUSTED }), await joins(stage, { url, ...ANY })];
    expect([...tried, await joins(stage, { url, ...SYSTEM })]).toEqual([true, true, false]);
  });

const changesTls: Proof = (stage) =>
  behindGateway(stage, true, async ({ url }) => {
    expect(await answersAfter(stage, url, { first: ANY, changes: TRUSTED })).toBe(true);
    expect(await answersAfter(stage, url, { first: TRUSTED, changes: SYSTEM })).toBe(false);
  });

/** Workers behind a login, a proxy that requires a header, or with a private certificate. */
export const gatewayCases: Cases = {
  [`POST ${WORKERS}`]: {
    'body.auth': joinsWith(BASIC),
    'body.auth.username': joinsWith(BASIC),
    'body.auth.password': joinsWith(BASIC),
    'body.auth.token': joinsWith(BEARER),
    'body.headers': joinsWith(HEADERS),
    'body.tls': joinsByTls,
    'body.tls.ca': joinsByTls,
    'body.tls.verify': joinsByTls,
  },
  [`PATCH ${WORKERS}/{id}`]: {
    'body.auth': changesTo(BASIC, { auth: null }),
    'body.auth.username': changesTo(BASIC, { auth: { username: 'bob', password: 'secret' } }),
    'body.auth.password': changesTo(BASIC, { auth: { username: 'ada', password: 'other' } }),
    'body.auth.token': changesTo(BEARER, { auth: { token: 'other' } }),
    'body.headers': changesTo(HEADERS, { headers: {} }),
    'body.tls': changesTls,
    'body.tls.ca': changesTls,
    'body.tls.verify': changesTls,
  },
};
