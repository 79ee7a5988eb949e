import { FakeClock } from '@comfleet/test-kit';
import { ComfyHttp } from '../src/http/comfy-http.ts';
import { ComfySession } from '../src/session/comfy-session.ts';
import type { SessionLog } from '../src/session/session-events.ts';
import { ComfySocket } from '../src/socket/comfy-socket.ts';
import { createFakeDialer, createFakeTransport } from './fake-worker.ts';

export const graph = {
  '1': { class_type: 'EmptyImage', inputs: {} },
  '3': { class_type: 'SaveImage', inputs: { images: ['1', 0] } },
};
/** The id of a session's first prompt. */
export const PROMPT = 'id-2';
export const ACCEPTED = JSON.stringify({ prompt_id: PROMPT, number: 1, node_errors: {} });
/** The history of that prompt. */
export const FINISHED = JSON.stringify({
  [PROMPT]: {
    outputs: { '3': { images: [{ filename: 'a.png', subfolder: '', type: 'output' }] } },
    status: { status_str: 'success', completed: true, messages: [['execution_success', {}]] },
  },
});
/** The end of that prompt as a socket message. */
export const END = JSON.stringify({ type: 'executing', data: { node: null, prompt_id: PROMPT } });

/** Responses of the server by method and path; everything else is an empty 404. */
export type Answers = Record<string, () => Promise<string | { status: number; text: string }> | string>;

/** A connected session with its own fake clock, and a server with these responses. */
export async function openFakeSession(answers: Answers) {
  const clock = new FakeClock();
  const dialer = createFakeDialer();
  const transport = createFakeTransport(async (call) => {
    const answer = await answers[call]?.();
    if (answer === undefined) return { status: 404, text: '' };
    return typeof answer === 'string' ? { status: 200, text: answer } : answer;
  });
  let ids = 0;
  const createId = () => {
    ids += 1;
    return `id-${ids}`;
  };
  const http = new ComfyHttp({ baseUrl: 'http://worker:8188', transport });
  const session = new ComfySession({
    http,
    clock,
    createId,
    createSocket: () =>
      new ComfySocket({ baseUrl: http.baseUrl, dialer, clock, random: () => 0.5, createId }),
  });
  const lines: string[] = [];
  const logs: SessionLog[] = [];
  session.on('line', (line) => lines.push(line));
  session.on('log', (log) => logs.push(log));
  await session.connectWebSocket();
  const receive = (text: string): void => dialer.sockets.at(-1)?.handlers.onText(text);
  return { clock, session, transport, lines, logs, receive };
}

/** Runs everything that is ready, without advancing the clock. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
