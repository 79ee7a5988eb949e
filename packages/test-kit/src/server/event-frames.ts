import { type Caller, sendRequest } from './requests.ts';

/** One server-sent event; `data` is parsed. */
export interface SseFrame {
  event: string;
  id: string | null;
  data: Record<string, ReturnType<typeof JSON.parse>>;
}

/** The events of a stream, one after the other, until it ends. Skips comments. */
async function* readFrames(response: Response): AsyncIterable<SseFrame> {
  if (!response.body) return;
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const frame = parseBlock(block);
      if (frame) yield frame;
    }
  }
}

/** The events of the stream at a path; it is closed when the reader stops. Throws unless the status is 200. */
export async function* followPath(caller: Caller, path: string, headers = {}): AsyncIterable<SseFrame> {
  const answer = await sendRequest(caller, `GET ${path}`, { headers });
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  yield* readFrames(answer);
}

function parseBlock(block: string): SseFrame | null {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
  }
  const data = fields.get('data');
  if (data === undefined) return null;
  return { event: fields.get('event') ?? 'message', id: fields.get('id') ?? null, data: JSON.parse(data) };
}
