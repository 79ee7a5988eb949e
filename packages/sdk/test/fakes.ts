import type { Task } from '@comfleet/contract';
import type { Clock } from '../src/platform/clock.ts';
import type { Random } from '../src/platform/random.ts';

/** A clock on which sleeping takes no time but is recorded; timers fire on request. */
export function createFakeClock() {
  const slept: number[] = [];
  const timers = new Set<() => void>();
  let nowMs = 1_750_000_000_000;
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      nowMs += ms;
      await Promise.resolve();
    },
    setTimer: (_ms, fn) => {
      timers.add(fn);
      return () => timers.delete(fn);
    },
  };
  const advance = (ms: number): void => {
    nowMs += ms;
  };
  const fireTimers = (): void => {
    for (const fn of [...timers]) {
      timers.delete(fn);
      fn();
    }
  };
  return { clock, slept, advance, fireTimers };
}

/** Counts up for bytes; fractions are always one half. */
export function createFakeRandom(): Random {
  let next = 0;
  return { bytes: (count) => Uint8Array.from({ length: count }, () => next++ % 256), fraction: () => 0.5 };
}

/** A JSON response. */
export function answer(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

/** An error response with the server's envelope. */
export function refusal(code: string, status: number, headers: Record<string, string> = {}): Response {
  const error = { code, message: `about ${code}`, details: { why: 'test' } };
  return answer({ error, request_id: 'req-1' }, status, headers);
}

/** The response of POST /api/v2/tasks. */
export const SUBMITTED = {
  task_id: 'task-1',
  status: 'queued',
  message: 'Waiting.',
  estimated_time: null,
  queue_position: 0,
  warnings: [],
};

/** A complete task. */
export function makeTask(over: Partial<Task> = {}): Task {
  return {
    task_id: 'task-1',
    status: 'queued',
    message: 'Waiting.',
    task_type: 'text_to_image',
    name: null,
    workflow_name: 'empty_image',
    workflow_version: null,
    parameters: {},
    seed: null,
    priority: 5,
    owner_id: 'owner-1',
    project_id: null,
    batch_id: null,
    batch_index: null,
    worker_id: null,
    worker_name: null,
    prompt_id: null,
    attempt_count: 0,
    held_reason: null,
    due_at: null,
    queue_position: 0,
    estimated_time: null,
    estimated_start: null,
    estimated_end: null,
    progress: null,
    cancel_requested_at: null,
    created_at: '2026-01-01T00:00:00.000Z',
    started_at: null,
    completed_at: null,
    duration_seconds: null,
    timeout_seconds: null,
    results: [],
    error: null,
    ...over,
  };
}

/** A fetch that returns one response of a list per call, and records the requests. */
export function createFakeFetch(...answers: (Response | Error)[]) {
  const requests: { url: string; method: string; headers: Record<string, string>; body: unknown }[] = [];
  const call: typeof fetch = (input, init) => {
    requests.push({
      url: String(input),
      method: init?.method ?? 'GET',
      headers: init?.headers as Record<string, string>,
      body: init?.body,
    });
    const next = answers.shift();
    if (next === undefined) return Promise.reject(new Error('no answer left'));
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  };
  return { fetch: call, requests };
}
