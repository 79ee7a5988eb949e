export interface SeenEvent {
  number: number;
  type: string;
  state: string;
}

/** The `event` frames of a server-sent event stream, each with the number of its `id:` line; others are skipped. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<SeenEvent> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = readEvent(block);
      if (event) yield event;
    }
  }
}

function readEvent(block: string): SeenEvent | null {
  const fields = new Map(block.split('\n').map((line) => splitOnce(line)));
  if (fields.get('event') !== 'event') return null;
  const { event } = JSON.parse(fields.get('data') ?? '') as { event: { type: string; status: string } };
  return { number: Number(fields.get('id')), type: event.type, state: event.status };
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf(': ');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 2)];
}
