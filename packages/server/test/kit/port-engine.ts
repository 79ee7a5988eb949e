import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Engine } from '../../src/flow/engine/engine.ts';

interface Call {
  id: number;
  method: keyof Engine;
  args: unknown[];
}

type Answer = { id: number } & ({ value: unknown } | { error: { code: string; message: string } });

/** The same engine behind a process boundary: every call and every result is copied through a MessagePort. */
export function openPortEngine(engine: Engine): { engine: Engine; close(): void } {
  const { port1: near, port2: far } = new MessageChannel();
  far.on('message', (call: Call) => void answer(engine, far, call));
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  near.on('message', (message: Answer) => {
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if ('error' in message) call?.reject(Object.assign(new Error(message.error.message), message.error));
    else call?.resolve(message.value);
  });
  let last = 0;
  const ask = (method: keyof Engine, args: unknown[]) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      near.postMessage({ id: last, method, args } satisfies Call);
    });
  const remote = new Proxy({} as Engine, {
    get: (_target, method: keyof Engine) =>
      // `await` looks for `then`: an engine is not a promise.
      String(method) === 'then' ? undefined : (...args: unknown[]) => ask(method, args),
  });
  return { engine: remote, close: () => near.close() };
}

async function answer(engine: Engine, port: MessagePort, { id, method, args }: Call): Promise<void> {
  try {
    const call = engine[method].bind(engine) as (...values: unknown[]) => Promise<unknown>;
    port.postMessage({ id, value: await call(...args) } satisfies Answer);
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const code = 'code' in error ? String(error.code) : 'INTERNAL';
    port.postMessage({ id, error: { code, message: error.message } } satisfies Answer);
  }
}
