import { SettlingClock, settle } from '@comfleet/test-kit';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeComfyui } from '../../../test/fakes/fake-comfyui.ts';
import { awaitReady } from './await-ready.ts';

let clock: SettlingClock;
let comfyui: FakeComfyui;
beforeEach(() => {
  clock = new SettlingClock();
  comfyui = new FakeComfyui();
});

const stats = (...argv: string[]) => ({ system: { comfyui_version: '0.3.64', argv }, devices: [] });

function wait(signal = new AbortController().signal): Promise<boolean> {
  return awaitReady({
    transport: comfyui.transport,
    clock,
    url: 'http://127.0.0.1:8200',
    marker: '/data/instances/one',
    timeoutMs: 240_000,
    signal,
  });
}

describe('awaitReady', () => {
  it('PS13 asks once a second until the process answers', async () => {
    comfyui.failure = 'CONNECTION_REFUSED';
    const ready = wait();
    await clock.advance(3_500);
    expect(comfyui.requests).toHaveLength(4);
    comfyui.failure = null;
    comfyui.answers.set('/system_stats', stats('main.py', '--temp-directory', '/data/instances/one'));
    await clock.advance(1_000);
    expect(await ready).toBe(true);
  });

  it('PS13 gives up after 240 s', async () => {
    comfyui.failure = 'CONNECTION_REFUSED';
    const ready = wait();
    await clock.advance(241_000);
    expect(await ready).toBe(false);
    expect(comfyui.requests).toHaveLength(240);
  });

  it('H3 does not take another ComfyUI on the port for ours', async () => {
    comfyui.answers.set('/system_stats', stats('main.py', '--temp-directory', '/data/instances/two'));
    const ready = wait();
    await clock.advance(241_000);
    expect(await ready).toBe(false);
  });

  it('PS14 stops waiting at once when the process ended', async () => {
    comfyui.failure = 'CONNECTION_REFUSED';
    const ending = new AbortController();
    const outcome = wait(ending.signal).catch((thrown: unknown) => thrown);
    await settle();
    ending.abort(new Error('ended'));
    expect(await outcome).toMatchObject({ message: 'ended' });
  });
});
