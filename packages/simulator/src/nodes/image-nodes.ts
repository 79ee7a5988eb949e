import { createHash } from 'node:crypto';
import { readAnnotatedName } from '../files/annotated-name.ts';
import type { FileStore } from '../files/file-store.ts';
import { type Frame, flipFrame, invertFrame, scaleFrame, solidFrame } from '../images/frame.ts';
import { readPng } from '../images/read-png.ts';
import { simulatedFrame } from '../images/simulated-picture.ts';
import type { Json, JsonObject } from '../json/lossless-json.ts';
import { type NodeDefinition, NodeFailure, type NodeRun } from './node-run.ts';
import { expectKind } from './values.ts';

const runEmptyImage: NodeRun = (context) => {
  const frame = solidFrame(context.number('width'), context.number('height'), context.number('color', 0));
  const frames = Array.from({ length: context.number('batch_size', 1) }, () => frame);
  return { outputs: [{ kind: 'image', frames }] };
};

const runImageInvert: NodeRun = (context) => ({
  outputs: [{ kind: 'image', frames: expectKind(context.input('image'), 'image').frames.map(invertFrame) }],
});

const runImageScale: NodeRun = (context) => {
  const { frames } = expectKind(context.input('image'), 'image');
  const [width, height] = [context.number('width'), context.number('height')];
  if (width === 0 && height === 0) return { outputs: [{ kind: 'image', frames }] };
  return { outputs: [{ kind: 'image', frames: frames.map((frame) => scaleFrame(frame, width, height)) }] };
};

const runImageBatch: NodeRun = (context) => {
  const first = expectKind(context.input('image1'), 'image').frames;
  const second = expectKind(context.input('image2'), 'image').frames;
  const [model] = first;
  const fitted = second.map((frame) =>
    model === undefined || (frame.width === model.width && frame.height === model.height)
      ? frame
      : scaleFrame(frame, model.width, model.height),
  );
  return { outputs: [{ kind: 'image', frames: [...first, ...fitted] }] };
};

const runImageFlip: NodeRun = (context) => {
  const axis = context.text('flip_method').startsWith('y') ? 'y' : 'x';
  const { frames } = expectKind(context.input('image'), 'image');
  return { outputs: [{ kind: 'image', frames: frames.map((frame) => flipFrame(frame, axis)) }] };
};

const runTotalPixels: NodeRun = (context) => {
  const { frames } = expectKind(context.input('image'), 'image');
  const pixels = context.number('megapixels', 1) * 1024 * 1024;
  const scaled = frames.map((frame) => {
    const factor = Math.sqrt(pixels / (frame.width * frame.height));
    return scaleFrame(frame, Math.round(frame.width * factor), Math.round(frame.height * factor));
  });
  return { outputs: [{ kind: 'image', frames: scaled }] };
};

/** Sends the size to every socket as text, and outputs it as numbers. */
const runImageSize: NodeRun = (context) => {
  const { frames } = expectKind(context.input('image'), 'image');
  const [{ width, height } = { width: 0, height: 0 }] = frames;
  context.sendText(`width: ${width}, height: ${height}\n batch size: ${frames.length}`);
  return { outputs: [width, height, frames.length] };
};

const runLoadImage: NodeRun = (context) => {
  const bytes = readInput(context.files, context.text('image'));
  if (bytes === undefined)
    throw new NodeFailure(
      'FileNotFoundError',
      `[Errno 2] No such file or directory: '${context.text('image')}'`,
    );
  const { frame, alpha } = decodePicture(bytes);
  return {
    outputs: [
      { kind: 'image', frames: [frame] },
      { kind: 'mask', frames: [alpha] },
    ],
  };
};

const runLoadImageMask: NodeRun = (context) => {
  const bytes = readInput(context.files, context.text('image'));
  if (bytes === undefined)
    throw new NodeFailure(
      'FileNotFoundError',
      `[Errno 2] No such file or directory: '${context.text('image')}'`,
    );
  return { outputs: [{ kind: 'mask', frames: [decodePicture(bytes).alpha] }] };
};

/** Reads `name`, `folder/name` or `name [temp]` as LoadImage does. */
function readInput(files: FileStore, name: string): Buffer | undefined {
  const { path, folder } = readAnnotatedName(name);
  return files.read(folder ?? 'input', path)?.bytes;
}

/** Decodes PNG; other formats are replaced by a picture drawn from their bytes. */
function decodePicture(bytes: Buffer): { frame: Frame; alpha: Frame } {
  const digest = createHash('sha256').update(bytes).digest('hex');
  const pixels = readPng(bytes);
  if (pixels === undefined) {
    const frame = simulatedFrame(64, 64, { text: digest, seed: '0', steps: 0 });
    return { frame, alpha: solidFrame(64, 64, 0) };
  }
  const { width, height, data, hasAlpha } = pixels;
  const pick = (channels: readonly number[], key: string): Frame => ({
    key,
    width,
    height,
    draw() {
      const rgb = new Uint8Array(width * height * 3);
      for (let i = 0; i < width * height; i += 1) {
        for (let c = 0; c < 3; c += 1) rgb[i * 3 + c] = data[i * 4 + (channels[c] ?? 0)] ?? 0;
      }
      return { width, height, channels: 3, data: rgb };
    },
  });
  const alpha = hasAlpha ? invertFrame(pick([3, 3, 3], `alpha ${digest}`)) : solidFrame(64, 64, 0);
  return { frame: pick([0, 1, 2], `file ${digest}`), alpha };
}

const validateImage = {
  names: ['image'],
  check(inputs: ReadonlyMap<string, Json>, files: FileStore): true | string {
    const name = inputs.get('image');
    const isKnown = typeof name === 'string' && readInput(files, name) !== undefined;
    return isKnown ? true : `Invalid image file: ${String(name)}`;
  },
};

function markImage(inputs: JsonObject, files: FileStore): string {
  const name = inputs.get('image');
  const bytes = typeof name === 'string' ? readInput(files, name) : undefined;
  return bytes === undefined ? 'missing' : createHash('sha256').update(bytes).digest('hex');
}

/** Nodes that create, load and change pictures. */
export const IMAGE_NODES: Readonly<Record<string, NodeDefinition>> = {
  EmptyImage: { run: runEmptyImage },
  ImageInvert: { run: runImageInvert },
  ImageScale: { run: runImageScale },
  ImageBatch: { run: runImageBatch },
  ImageFlip: { run: runImageFlip },
  ImageScaleToTotalPixels: { run: runTotalPixels },
  GetImageSize: { run: runImageSize },
  LoadImage: { run: runLoadImage, validate: validateImage, changeMark: markImage },
  LoadImageMask: { run: runLoadImageMask, validate: validateImage, changeMark: markImage },
};
