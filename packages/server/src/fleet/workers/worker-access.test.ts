import { describe, expect, it } from 'vitest';
import { openTransport, splitLogin, summarizeAccess, type WorkerAccess } from './worker-access.ts';

const access: WorkerAccess = {
  auth: { username: 'studio', password: 'pässword' },
  headers: { 'X-Key': 'k' },
  tls: { ca: 'PEM', verify: true },
};

describe('splitLogin', () => {
  it.each([
    ['https://studio:p%40ss@gpu/comfy', 'https://gpu/comfy', { username: 'studio', password: 'p@ss' }],
    ['http://studio@gpu:8188', 'http://gpu:8188/', { username: 'studio', password: '' }],
    ['http://a:100%25%zz@gpu/', 'http://gpu/', { username: 'a', password: '100%25%zz' }],
    ['http://gpu:8188', 'http://gpu:8188', null],
    ['no address', 'no address', null],
  ])('%s', (address, url, auth) => {
    expect(splitLogin(address)).toEqual({ url, auth });
  });
});

it('sends login, headers and trust with each request, as they are at that time', async () => {
  let now = access;
  const sent: unknown[] = [];
  const transport = openTransport(
    {
      request: async ({ headers, tls }) => {
        sent.push({ headers, tls });
        return { status: 200, headers: {}, text: async () => '', body: (async function* () {})() };
      },
    },
    () => now,
  );
  await transport.request({ method: 'GET', url: 'https://gpu/', headers: { accept: 'x' } });
  now = { auth: { token: 't' }, headers: {}, tls: { ca: null, verify: false } };
  await transport.request({ method: 'GET', url: 'https://gpu/' });

  const basic = `Basic ${Buffer.from('studio:pässword').toString('base64')}`;
  expect(sent).toEqual([
    { headers: { accept: 'x', 'X-Key': 'k', authorization: basic }, tls: { ca: 'PEM', verify: true } },
    { headers: { authorization: 'Bearer t' }, tls: { verify: false } },
  ]);
});

it('is shown without a secret', () => {
  expect(summarizeAccess(access)).toEqual({
    login: 'basic',
    headerNames: ['X-Key'],
    hasOwnCa: true,
    verifies: true,
  });
});
