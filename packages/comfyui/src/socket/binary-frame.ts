import { isRecord, readString } from '../json/records.ts';
import { parseTolerantJson } from '../json/tolerant-json.ts';

/** A preview without an owner; it belongs to the running prompt (event 1). */
export interface PreviewFrame {
  event: 1;
  mimeType: string;
  image: Uint8Array;
}
/** Progress text of a node (event 3). */
export interface TextFrame {
  event: 3;
  nodeId: string;
  text: string;
}
/** A preview with its prompt and node (event 4), sent instead of event 1 to clients that request it. */
export interface OwnedPreviewFrame {
  event: 4;
  promptId: string | null;
  nodeId: string | null;
  displayNodeId: string | null;
  mimeType: string;
  image: Uint8Array;
}
/** One binary frame of a ComfyUI socket, protocol 5.4. `image` is a view into the frame: copy it to keep it. */
export type BinaryFrame = ImageFrame | TextFrame;
/** The binary frames that carry an image. */
export type ImageFrame = PreviewFrame | OwnedPreviewFrame;

const WORD = 4;

/** Reads a binary frame; null for unknown events and broken layouts. Never throws. */
export function decodeBinaryFrame(bytes: Uint8Array): BinaryFrame | null {
  const event = readWord(bytes, 0);
  switch (event) {
    case 1:
      return decodePreview(bytes);
    case 3:
      return decodeText(bytes);
    case 4:
      return decodeOwnedPreview(bytes);
    default:
      return null;
  }
}

function decodePreview(bytes: Uint8Array): PreviewFrame | null {
  const imageType = readWord(bytes, WORD);
  if (imageType !== 1 && imageType !== 2) return null;
  return {
    event: 1,
    mimeType: imageType === 1 ? 'image/jpeg' : 'image/png',
    image: bytes.subarray(2 * WORD),
  };
}

function decodeText(bytes: Uint8Array): TextFrame | null {
  const parts = splitByLength(bytes);
  if (parts === null) return null;
  const decoder = new TextDecoder();
  return { event: 3, nodeId: decoder.decode(parts.head), text: decoder.decode(parts.rest) };
}

function decodeOwnedPreview(bytes: Uint8Array): OwnedPreviewFrame | null {
  const parts = splitByLength(bytes);
  if (parts === null) return null;
  const meta = parseMeta(parts.head);
  if (meta === null) return null;
  return {
    event: 4,
    promptId: readString(meta, 'prompt_id') ?? null,
    nodeId: readString(meta, 'node_id') ?? null,
    displayNodeId: readString(meta, 'display_node_id') ?? null,
    mimeType: readString(meta, 'image_type') ?? 'image/jpeg',
    image: parts.rest,
  };
}

function parseMeta(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const meta = parseTolerantJson(new TextDecoder().decode(bytes));
    return isRecord(meta) ? meta : null;
  } catch {
    return null; // a frame with broken metadata is a bad frame
  }
}

function splitByLength(bytes: Uint8Array): { head: Uint8Array; rest: Uint8Array } | null {
  const length = readWord(bytes, WORD);
  const start = 2 * WORD;
  if (length === null || start + length > bytes.length) return null;
  return { head: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) };
}

function readWord(bytes: Uint8Array, offset: number): number | null {
  if (offset + WORD > bytes.length) return null;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);
}
