import { loadRecording, type RecordedVersion } from '@comfleet/simulator/conformance';
import { parseSocketMessage, type SocketMessage } from '../src/socket/socket-message.ts';

/** One line of a recording of a real ComfyUI, its socket messages as the library parses them. */
export type TranscriptLine =
  | { kind: 'message'; message: SocketMessage }
  | { kind: 'binary'; event: number; head: Uint8Array }
  | { kind: 'http'; call: string; request: unknown; status: number; response: unknown };

/** Reads the recording `name` from the simulator's package. */
export function readTranscript(name: string, version: RecordedVersion = '0.3.64'): TranscriptLine[] {
  return loadRecording(name, version).map((line) => {
    if (line.kind === 'binary') return line;
    if (line.kind === 'http') return { ...line, call: `${line.method} ${line.target}` };
    const message = parseSocketMessage(JSON.stringify({ type: line.type, data: line.data }));
    if (message === null) throw new Error(`${name}: unreadable frame of type ${line.type}`);
    return { kind: 'message', message };
  });
}
