import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openTcpProxy } from '@comfleet/simulator';
import { expect, it, onTestFinished } from 'vitest';
import { ComfyUI } from '../src/node.ts';
import { count, openSession, picture } from './open-session.ts';

const AWAY_MS = 8000;

it('C-4 the response of POST is lost and the network stays away for 8 s: the server ran it once, and its result is returned', async () => {
  const { simulator, folder } = await openSession();
  const proxy = await openTcpProxy({ host: '127.0.0.1', port: simulator.port });
  const comfy = new ComfyUI({ host: '127.0.0.1', port: proxy.port });
  onTestFinished(async () => {
    await comfy.close();
    await proxy.close();
  });
  await comfy.connectWebSocket();
  simulator.control.set({ name: 'prompt_response_lost', how: 'silent' });
  const ended = comfy.processWorkflow(picture(1), null, folder);
  // A rejection is checked below.
  ended.catch(() => undefined);

  await simulator.ledger.waitFor((line) => line.event === 'prompt_accepted');
  await proxy.goDown();
  await wait(AWAY_MS);
  await proxy.goUp();

  expect((await ended).files).toEqual([join(folder, 'picture_00001_.png')]);
  expect(count(simulator, 'prompt_accepted')).toBe(1);
  expect(count(simulator, 'execution_start')).toBe(1);
});
