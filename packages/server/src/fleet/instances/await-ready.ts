import { type HttpTransport, parseTolerantJson } from '@comfleet/comfyui';
import type { RunningProcess } from '../../platform/process/running-process.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { parseSystemStats } from '../workers/inventory/inventory.ts';

export interface ReadyOptions {
  transport: HttpTransport;
  clock: Clock;
  url: string;
  /** Text in the argv of our process, which another program on the port does not have. */
  marker: string;
  timeoutMs: number;
  /** Aborted when the process has ended or is to be stopped. */
  signal: AbortSignal;
}

const PERIOD_MS = 1_000;
const RESPONSE_TIMEOUT_MS = 2_500;

/** Requests /system_stats each second until our own process answers. False after the timeout; rejects when aborted. */
export async function awaitReady(options: ReadyOptions): Promise<boolean> {
  const { clock, timeoutMs, signal } = options;
  const startedMs = clock.monotonicMs();
  while (clock.monotonicMs() - startedMs < timeoutMs) {
    signal.throwIfAborted();
    if (await isOurs(options)) return true;
    await clock.sleep(PERIOD_MS, signal);
  }
  return false;
}

async function isOurs({ transport, url, marker, signal }: ReadyOptions): Promise<boolean> {
  try {
    const response = await transport.request({
      method: 'GET',
      url: `${url}/system_stats`,
      timeoutMs: RESPONSE_TIMEOUT_MS,
      maxBytes: 1024 * 1024,
      signal,
    });
    const text = await response.text();
    if (response.status !== 200) return false;
    return parseSystemStats(parseTolerantJson(text))?.argv.includes(marker) ?? false;
  } catch {
    return false; // not yet: refused, silent or another program; tried again in a second
  }
}

/** The same for a process that may end: `ready`, `ended`, `silent` after the timeout, `cancelled` when `signal` was aborted. */
export async function awaitReadyOrEnd(
  running: RunningProcess,
  options: ReadyOptions,
): Promise<'ready' | 'ended' | 'silent' | 'cancelled'> {
  const ending = new AbortController();
  const ended = running.exited.then(() => ending.abort(new Error('ended')));
  const signal = AbortSignal.any([options.signal, ending.signal]);
  try {
    return (await awaitReady({ ...options, signal })) ? 'ready' : 'silent';
  } catch (thrown) {
    if (!ending.signal.aborted) {
      if (options.signal.aborted) return 'cancelled';
      throw thrown;
    }
    await ended;
    return 'ended';
  }
}
