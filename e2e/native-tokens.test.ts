import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOnDatabases } from './services/databases.ts';
import { picture, slowPicture } from './support/graphs.ts';
import { LiveClient } from './support/live-client.ts';

describeOnDatabases('sessions, keys and tokens that are handed out', (database) => {
  let rig: RunningServer;
  let ada: Client;

  beforeAll(async () => {
    rig = await startServer({ database, config: { auth: { registration: 'invite' } } });
    ada = await rig.register('ada', ['raw_graph']);
  });
  afterAll(() => rig?.close());

  /** A live socket and an event stream of a task that waits, with this bearer; both resolve when they are closed. */
  async function openStreams(token: string) {
    const live = await LiveClient.open(rig.url, token);
    const id = await rig.submit(ada.token, { graph: picture(90) });
    let isOpen = (_value: unknown) => {};
    const opened = new Promise((resolve) => {
      isOpen = resolve;
    });
    const stream = rig.follow(token, `/api/v2/tasks/${id}/events`, () => {
      isOpen(true);
      return false;
    });
    await opened;
    return { closed: Promise.all([live.closed, stream]) };
  }

  async function measureMs(closed: Promise<unknown>, act: () => Promise<unknown>): Promise<number> {
    const startedMs = performance.now();
    await act();
    await closed;
    return performance.now() - startedMs;
  }

  test('SE6 a revoked key loses its streams within a second while its task runs, and the task ends', async () => {
    const made = await rig.ask(ada.token, 'POST /api/v2/auth/keys', { body: { name: 'busy' } });
    const id = await rig.submit(made.json.key, { graph: slowPicture(2) });
    const live = await LiveClient.open(rig.url, made.json.key);
    live.send({ type: 'watch_task', task_id: id });
    let isRunning = (_value: unknown) => {};
    const running = new Promise((resolve) => {
      isRunning = resolve;
    });
    const stream = rig.follow(made.json.key, `/api/v2/tasks/${id}/events`, (frame) => {
      if (frame.data.task?.status === 'running') isRunning(frame);
      return false;
    });
    await running;
    const revoke = () => rig.ask(ada.token, `DELETE /api/v2/auth/keys/${made.json.key_id}`);
    expect(await measureMs(Promise.all([live.closed, stream]), revoke)).toBeLessThan(1000);
    const ended = await rig.follow(ada.token, `/api/v2/tasks/${id}/events?after=0`);
    expect(ended.at(-1)?.data.event.type).toBe('task.succeeded');
    expect(live.frames('event').map(({ event }) => event.type)).not.toContain('task.succeeded');
  });

  test('SE6 AU2 a revoked key, an ended session and a rotated client lose their streams within a second', async () => {
    await rig.setMaintenance(true);
    const made = await rig.ask(ada.token, 'POST /api/v2/auth/keys', { body: { name: 'watcher' } });
    const byKey = await openStreams(made.json.key);
    const revoke = () => rig.ask(ada.token, `DELETE /api/v2/auth/keys/${made.json.key_id}`);
    expect(await measureMs(byKey.closed, revoke)).toBeLessThan(1000);

    const body = { client_id: ada.id, client_secret: ada.secret };
    const { access_token: token } = (await rig.ask(null, 'POST /api/v2/auth/token', { body })).json;
    const bySession = await openStreams(token);
    const { sessions } = (await rig.ask(token, 'GET /api/v2/auth/sessions')).json;
    const { session_id: id } = sessions.find((one: { current: boolean }) => one.current);
    const end = () => rig.ask(ada.token, `DELETE /api/v2/auth/sessions/${id}`);
    expect(await measureMs(bySession.closed, end)).toBeLessThan(1000);

    const byClient = await openStreams(ada.token);
    const rotate = () => rig.ask(rig.token, `POST /api/v2/admin/clients/${ada.id}/rotate`);
    expect(await measureMs(byClient.closed, rotate)).toBeLessThan(1000);
    await rig.setMaintenance(false);
  });

  test('API1 an invitation registers one stranger', async () => {
    const made = await rig.ask(rig.token, 'POST /api/v2/admin/invitations', { body: { name: 'guest' } });
    const body = { client_name: 'guest', invitation: made.json.invitation };
    expect((await rig.ask(null, 'POST /api/v2/auth/register', { body })).status).toBe(201);
    expect((await rig.ask(null, 'POST /api/v2/auth/register', { body })).status).toBe(403);
  });

  test('AU12 no list, log or file of the server holds the text of a token', async () => {
    const make = async (path: string, field: string): Promise<string> =>
      (await rig.ask(rig.token, `POST ${path}`, { body: { name: 'canary' } })).json[field];
    const secrets = [
      await make('/api/v2/auth/keys', 'key'),
      await make('/api/v2/admin/invitations', 'invitation'),
      await make('/api/v2/admin/join-tokens', 'join_token'),
    ];
    // Used, also where they are refused.
    for (const secret of secrets) {
      await rig.ask(secret, 'GET /api/v2/auth/me');
      await rig.ask(secret, 'POST /api/fleet/register', { body: { url: 'http://127.0.0.1:9' } });
    }
    const lists = ['auth/keys?owner=all', 'auth/sessions', 'admin/invitations', 'admin/join-tokens'];
    const texts = await Promise.all(
      lists.map(async (path) => (await rig.ask(rig.token, `GET /api/v2/${path}`)).text),
    );
    await rig.stop();
    const files = await readdir(rig.dataDir, { recursive: true, withFileTypes: true });
    const stored = await Promise.all(
      files
        .filter((file) => file.isFile())
        .map((file) => readFile(join(file.parentPath, file.name), 'latin1')),
    );
    const everything = [...texts, ...stored, ...rig.lines].join('\n');
    expect(texts.join()).toContain('canary');
    for (const secret of secrets) expect(everything).not.toContain(secret.slice(4));
  });
});
