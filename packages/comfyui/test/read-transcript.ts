import { readFileSync } from 'node:fs';
import { isRecord } from '../src/json/records.ts';
import { parseSocketMessage, type SocketMessage } from '../src/socket/socket-message.ts';

/** One line of a recording of a real ComfyUI 0.3.64. */
export type TranscriptLine =
  | { kind: 'message'; message: SocketMessage }
  | { kind: 'binary'; event: number; head: Uint8Array }
  | { kind: 'http'; call: string; request: unknown; status: number; response: unknown };

/** Reads `transcripts/<name>.jsonl`, for tests only. */
export function readTranscript(name: string): TranscriptLine[] {
  const text = readFileSync(new URL(`../transcripts/${name}.jsonl`, import.meta.url), 'utf8');
  return text.trim().split('\n').map(readLine);
}

function readLine(text: string): TranscriptLine {
  const line: unknown = JSON.parse(text);
  if (!isRecord(line)) throw new Error('A transcript line is an object');
  if (line['ws'] === 'text') {
    const message = parseSocketMessage(JSON.stringify(line['message']));
    if (message === null) throw new Error(`Unreadable frame in transcript: ${text}`);
    return { kind: 'message', message };
  }
  if (line['ws'] === 'binary') {
    return {
      kind: 'binary',
      event: Number(line['event']),
      head: Buffer.from(String(line['head']), 'base64'),
    };
  }
  return {
    kind: 'http',
    call: String(line['http']),
    request: line['request'],
    status: Number(line['status']),
    response: line['response'],
  };
}
