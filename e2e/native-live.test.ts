import { type Client, type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOnDatabases } from './services/databases.ts';
import { picture, slowPicture } from './support/graphs.ts';
import { isEnd, LiveClient } from './support/live-client.ts';

const SAMPLED = {
  workflow_name: 'sd_basic',
  parameters: { prompt: 'a cat', width: 64, height: 64, steps: 12 },
};

describeOnDatabases('watching tasks over the native door', (database) => {
  let rig: RunningServer;
  let ada: Client;
  let bob: Client;

  beforeAll(async () => {
    rig = await startServer({
      database,
      simulators: [
        { stepMs: 25, previewMethod: 'latent2rgb' },
        { stepMs: 25, previewMethod: 'latent2rgb' },
      ],
    });
    ada = await rig.register('ada', ['raw_graph']);
    bob = await rig.register('bob', ['raw_graph']);
    await rig.run(ada.token, { graph: picture() });
  });
  afterAll(() => rig?.close());

  test('PR5 a task is pushed by event stream: numbered events without a gap, progress that only rises', async () => {
    const id = await rig.submit(ada.token, SAMPLED);
    const frames = await rig.follow(ada.token, `/api/v2/tasks/${id}/events?after=0`);
    const events = frames.filter((frame) => frame.event === 'event');
    expect(events.map((frame) => Number(frame.id))).toEqual(events.map((_, index) => index + 1));
    expect(events[0]?.data.event.type).toBe('task.accepted');
    expect(events.at(-1)?.data.event.type).toBe('task.succeeded');
    const values = frames.flatMap((frame) => (frame.event === 'progress' ? [frame.data.progress.value] : []));
    expect(values.length).toBeGreaterThan(2);
    expect([...values].sort((a, b) => a - b)).toEqual(values);
    expect(frames.filter((frame) => frame.event === 'preview').length).toBeGreaterThan(0);
  });

  test('PR5 a stream resumes after the last event seen', async () => {
    const task = await rig.run(ada.token, { graph: picture(65) });
    const path = `/api/v2/tasks/${task.task_id}/events`;
    const all = await rig.follow(ada.token, `${path}?after=0`);
    const ids = all.flatMap((frame) => (frame.event === 'event' ? [frame.id] : []));
    const resumed = await rig.follow(ada.token, path, undefined, { 'last-event-id': '3' });
    expect(resumed.flatMap((frame) => (frame.event === 'event' ? [frame.id] : []))).toEqual(ids.slice(3));
  });

  test('PR5 a late subscriber gets the current state of the task', async () => {
    const id = await rig.submit(ada.token, SAMPLED);
    await rig.follow(ada.token, `/api/v2/tasks/${id}/events`, (frame) => frame.event === 'progress');
    const [first] = await rig.follow(ada.token, `/api/v2/tasks/${id}/events`, () => true);
    expect([first?.event, first?.data.task.status]).toEqual(['snapshot', 'running']);
    expect(first?.data.task.progress.value).toBeGreaterThan(0);
    await rig.ask(ada.token, `DELETE /api/v2/tasks/${id}`);
  });

  test('CD23 two windows and a reload in the middle see the same events and the same end', async () => {
    const one = await LiveClient.open(rig.url, ada.token);
    const two = await LiveClient.open(rig.url, ada.token);
    const id = await rig.submit(ada.token, SAMPLED);
    one.send({ type: 'watch_task', task_id: id, after: 0 });
    two.send({ type: 'watch_task', task_id: id, after: 0 });
    await two.waitFor((message) => message.frame?.event?.type === 'attempt.submitted');
    two.close();
    await two.closed;
    const reloaded = await LiveClient.open(rig.url, ada.token);
    reloaded.send({ type: 'watch_task', task_id: id, after: 0 });
    await Promise.all([one.waitFor(isEnd), reloaded.waitFor(isEnd)]);
    const seen = one.frames('event').map((frame) => frame.event);
    expect(reloaded.frames('event').map((frame) => frame.event)).toEqual(seen);
    expect(seen.at(-1).type).toBe('task.succeeded');
    expect(seen.map((event) => event.number)).toEqual(seen.map((_, index) => index + 1));
    const record = await rig.ask(ada.token, `GET /api/v2/tasks/${id}`);
    expect(record.json.attempt_count).toBe(1);
    one.close();
    reloaded.close();
  });

  test('CD23 a task runs to its end when nobody watches any more', async () => {
    const window = await LiveClient.open(rig.url, ada.token);
    const id = await rig.submit(ada.token, { graph: slowPicture(0.3) });
    window.send({ type: 'watch_task', task_id: id, after: 0 });
    await window.waitFor((message) => message.frame?.event?.type === 'attempt.submitted');
    window.close();
    await window.closed;
    const worker = await Promise.race(
      rig.simulators.map(({ ledger }) =>
        ledger.waitFor((line) => line.event === 'execution_end' && JSON.stringify(line).includes('success')),
      ),
    );
    expect(worker.event).toBe('execution_end');
    expect((await rig.finish(ada.token, id)).status).toBe('succeeded');
  });

  test('PR5 one socket follows all tasks of its owner and none of others', async () => {
    const own = await LiveClient.open(rig.url, ada.token);
    own.send({ type: 'watch_own' });
    const foreign = await rig.run(bob.token, { graph: picture(66) });
    const mine = await rig.submit(ada.token, { graph: picture(67) });
    await own.waitFor((message) => isEnd(message) && message.frame.event.task_id === mine);
    expect(JSON.stringify(own.messages)).not.toContain(foreign.task_id);
    own.close();
  });

  test('PR5 a batch is pushed as one stream, a snapshot of each task first', async () => {
    await rig.setMaintenance(true);
    const tasks = [64, 65, 66].map((width) => ({ parameters: { width, height: 64 } }));
    const made = await rig.ask(ada.token, 'POST /api/v2/batches', {
      body: { workflow_name: 'solid_color', tasks },
    });
    const live = await LiveClient.open(rig.url, ada.token);
    live.send({ type: 'watch_batch', batch_id: made.json.batch_id });
    await live.waitFor(() => live.frames('snapshot').length === 3);
    await rig.setMaintenance(false);
    await live.waitFor(() => live.messages.filter(isEnd).length === 3);
    const ended = live.messages.filter(isEnd).map((message) => message.frame.event.task_id);
    expect([...ended].sort()).toEqual([...made.json.task_ids].sort());
    live.close();
  });

  test('a live socket refuses a bad token, unknown messages, and tasks of others', async () => {
    const stranger = await LiveClient.open(rig.url, 'not-a-token');
    expect(await stranger.closed).toBe(4401);
    const task = await rig.run(ada.token, { graph: picture(68) });
    const window = await LiveClient.open(rig.url, bob.token);
    const errors = () =>
      window.messages.flatMap((message) => (message.type === 'error' ? [message.error.code] : []));
    window.send('{"type":');
    await window.waitFor(() => errors().length === 1);
    window.send({ type: 'watch_everything' });
    await window.waitFor(() => errors().length === 2);
    window.send({ type: 'watch_task', task_id: task.task_id });
    await window.waitFor(() => errors().length === 3);
    expect(errors()).toEqual(['INVALID_REQUEST', 'INVALID_REQUEST', 'TASK_NOT_FOUND']);
    window.close();
  });
});
