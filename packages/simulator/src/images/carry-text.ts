/** Adds a text to a clip where players skip it, so that files of different prompts have different bytes. */
export function carryText(clip: Buffer, format: 'mp4' | 'webm' | 'webp', text: string): Buffer {
  const payload = Buffer.from(text, 'utf8');
  switch (format) {
    case 'mp4':
      return Buffer.concat([clip, writeFreeBox(payload)]);
    case 'webm':
      return Buffer.concat([clip, writeVoidElement(payload)]);
    case 'webp':
      return appendRiffChunk(clip, payload);
  }
}

function writeFreeBox(payload: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + payload.length, 0);
  head.write('free', 4, 'latin1');
  return Buffer.concat([head, payload]);
}

function writeVoidElement(payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head[0] = 0xec;
  head.writeBigUInt64BE(0x0100000000000000n | BigInt(payload.length), 1);
  return Buffer.concat([head, payload]);
}

function appendRiffChunk(clip: Buffer, payload: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write('CMFT', 0, 'latin1');
  head.writeUInt32LE(payload.length, 4);
  const whole = Buffer.concat([clip, head, payload, Buffer.alloc(payload.length % 2)]);
  whole.writeUInt32LE(whole.length - 8, 4);
  return whole;
}
