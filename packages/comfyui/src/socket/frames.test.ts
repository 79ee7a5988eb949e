import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTranscript } from '../../test/read-transcript.ts';
import { decodeBinaryFrame } from './binary-frame.ts';
import { parseSocketMessage, readPromptId } from './socket-message.ts';

function frame(event: number, ...parts: (number | string | Uint8Array)[]): Uint8Array {
  const word = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  return Buffer.concat(
    [event, ...parts].map((part) => (typeof part === 'number' ? word(part) : Buffer.from(part))),
  );
}

describe('binary frames', () => {
  it('CD7 binary frames are not parsed as JSON', () => {
    expect(decodeBinaryFrame(Buffer.from('{"type":"executing"}'))).toBeNull();
  });

  it('a preview without owner has its image type', () => {
    const decoded = decodeBinaryFrame(frame(1, 2, new Uint8Array([9, 8])));
    expect(decoded).toMatchObject({ event: 1, mimeType: 'image/png' });
    expect(decoded?.event === 1 && [...decoded.image]).toEqual([9, 8]);
  });

  it('a text names its node', () => {
    expect(decodeBinaryFrame(frame(3, 2, '17', 'half done'))).toEqual({
      event: 3,
      nodeId: '17',
      text: 'half done',
    });
  });

  it('a recorded preview with metadata names its prompt', () => {
    const line = readTranscript('websocket-image-with-metadata').find((l) => l.kind === 'binary');
    if (line?.kind !== 'binary') throw new Error('no binary frame');
    const meta =
      '{"node_id": "8", "prompt_id": "94b271a3", "display_node_id": "8", "image_type": "image/png"}';
    expect(line.event).toBe(4);
    expect(decodeBinaryFrame(frame(4, meta.length, meta, 'PNG'))).toMatchObject({
      event: 4,
      promptId: '94b271a3',
      nodeId: '8',
      mimeType: 'image/png',
    });
  });

  it.each([
    ['empty', frame(1).subarray(0, 0)],
    ['a half word', frame(1).subarray(0, 3)],
    ['no image type', frame(1)],
    ['an unknown image type', frame(1, 7, 'x')],
    ['an internal event', frame(2, 1, 'x')],
    ['a length beyond the end', frame(4, 4_000_000_000, '{}')],
    ['metadata that is no JSON', frame(4, 2, '{x', 'img')],
  ])('B9 %s is a bad frame, not a crash', (_name, bytes) => {
    expect(decodeBinaryFrame(bytes)).toBeNull();
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void decodeBinaryFrame(bytes)));
  });
});

describe('text frames', () => {
  it('a node id and prompt id of an executing frame may be missing', () => {
    expect(parseSocketMessage('{"type":"executing","data":{"node":"2"}}')).toEqual({
      type: 'executing',
      data: { node: '2', display_node: '2', prompt_id: null },
    });
  });

  it('unknown types pass through, with the prompt they name', () => {
    const message = parseSocketMessage('{"type":"crystools.monitor","data":{"prompt_id":"p","cpu":NaN}}');
    expect(message).toEqual({
      type: 'other',
      name: 'crystools.monitor',
      data: { prompt_id: 'p', cpu: Number.NaN },
    });
    expect(message && readPromptId(message)).toBe('p');
  });

  it.each(['', '[]', 'null', '{', '"text"', '{"type":5}', '{"data":{}}'])(
    '%j is a bad frame, not a crash',
    (text) => {
      expect(parseSocketMessage(text)).toBeNull();
    },
  );

  it.each(['__proto__', 'constructor', 'toString'])('a type named %s is just unknown', (name) => {
    expect(parseSocketMessage(JSON.stringify({ type: name, data: {} }))).toEqual({
      type: 'other',
      name,
      data: {},
    });
  });

  it('a known type with data of another shape is treated as unknown', () => {
    expect(parseSocketMessage('{"type":"execution_success","data":{}}')?.type).toBe('other');
    expect(parseSocketMessage('{"type":"status","data":null}')?.type).toBe('other');
    expect(parseSocketMessage('{"type":"executing","data":{"node":5}}')?.type).toBe('other');
  });
});
