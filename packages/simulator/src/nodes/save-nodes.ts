import { numberedName, planSave, type SavePath } from '../files/save-path.ts';
import { carryText } from '../images/carry-text.ts';
import type { Frame } from '../images/frame.ts';
import { assemblePng, encodeAnimatedPng, encodePng, writeTextChunk } from '../images/png.ts';
import { type Writable, writeJson } from '../json/lossless-json.ts';
import { CLIPS } from '../media.ts';
import {
  type NodeContext,
  type NodeDefinition,
  NodeFailure,
  type NodeResult,
  type NodeRun,
} from './node-run.ts';
import { expectKind } from './values.ts';

type ResultFolder = 'output' | 'temp';

function plan(context: NodeContext, folder: ResultFolder, prefix: string, frame?: Frame): SavePath {
  try {
    const size = { width: frame?.width ?? 0, height: frame?.height ?? 0, now: context.clock.now() };
    return planSave(context.files, folder, prefix, size);
  } catch (error) {
    throw new NodeFailure('Exception', error instanceof Error ? error.message : String(error));
  }
}

interface ResultPlace {
  readonly folder: ResultFolder;
  readonly subfolder: string;
  readonly name: string;
}

function writeOne(context: NodeContext, { folder, subfolder, name }: ResultPlace, bytes: Buffer): Writable {
  context.writeFile(folder, subfolder === '' ? name : `${subfolder}/${name}`, bytes);
  return { filename: name, subfolder, type: folder };
}

/** Text chunks as ComfyUI writes them: `prompt`, then every key of extra_pnginfo. */
function writeMetadata(context: NodeContext): Buffer[] {
  if (context.disableMetadata) return [];
  const chunks = [writeTextChunk('prompt', context.promptJson)];
  for (const [key, value] of context.extraPngInfo ?? []) chunks.push(writeTextChunk(key, writeJson(value)));
  return chunks;
}

function saveImages(context: NodeContext, folder: ResultFolder, prefix: string): NodeResult {
  const { frames } = expectKind(context.input('images'), 'image');
  const at = plan(context, folder, prefix, frames[0]);
  const texts = writeMetadata(context);
  const images = frames.map((frame, index) => {
    const { head, idat } = context.encoder.encode(frame);
    return writeOne(
      context,
      { folder, subfolder: at.subfolder, name: numberedName(at, index, 'png') },
      assemblePng(head, texts, idat),
    );
  });
  return { outputs: [], ui: { images } };
}

const runSaveImage: NodeRun = (context) =>
  saveImages(context, 'output', context.text('filename_prefix', 'ComfyUI'));

const runPreviewImage: NodeRun = (context) =>
  saveImages(context, 'temp', `ComfyUI_temp_${context.temporarySuffix()}`);

const runSaveImageWebsocket: NodeRun = (context) => {
  const { frames } = expectKind(context.input('images'), 'image');
  for (const [index, frame] of frames.entries()) {
    context.progress(index, frames.length, { type: 'png', bytes: encodePng(frame.draw()) });
  }
  return { outputs: [] };
};

interface Clip {
  readonly bytes: Buffer;
  readonly extension: 'mp4' | 'webm' | 'webp';
}

function saveClip(context: NodeContext, frames: readonly Frame[], clip: Clip): NodeResult {
  const at = plan(context, 'output', context.text('filename_prefix', 'ComfyUI'), frames[0]);
  const bytes = context.disableMetadata
    ? clip.bytes
    : carryText(clip.bytes, clip.extension, context.promptJson);
  const file = writeOne(
    context,
    { folder: 'output', subfolder: at.subfolder, name: numberedName(at, 0, clip.extension) },
    bytes,
  );
  return { outputs: [], ui: { images: [file], animated: [true] } };
}

const runSaveVideo: NodeRun = (context) =>
  saveClip(context, expectKind(context.input('video'), 'video').frames, {
    bytes: CLIPS.mp4,
    extension: 'mp4',
  });

const runSaveWebm: NodeRun = (context) =>
  saveClip(context, expectKind(context.input('images'), 'image').frames, {
    bytes: CLIPS.webm,
    extension: 'webm',
  });

const runSaveAnimatedWebp: NodeRun = (context) => {
  const { frames } = expectKind(context.input('images'), 'image');
  const result = saveClip(context, frames, { bytes: CLIPS.webp, extension: 'webp' });
  return { outputs: [], ui: { ...result.ui, animated: [frames.length !== 1] } };
};

const runSaveAnimatedPng: NodeRun = (context) => {
  const { frames } = expectKind(context.input('images'), 'image');
  const at = plan(context, 'output', context.text('filename_prefix', 'ComfyUI'), frames[0]);
  const pixels = frames.map((frame) => frame.draw());
  const bytes = encodeAnimatedPng(pixels, context.number('fps', 6), writeMetadata(context));
  const file = writeOne(
    context,
    { folder: 'output', subfolder: at.subfolder, name: numberedName(at, 0, 'png') },
    bytes,
  );
  return { outputs: [], ui: { images: [file], animated: [true] } };
};

const runCreateVideo: NodeRun = (context) => ({
  outputs: [
    {
      kind: 'video',
      frames: expectKind(context.input('images'), 'image').frames,
      framesPerSecond: context.number('fps', 30),
    },
  ],
});

const runSaveLatent: NodeRun = (context) => {
  const { latent } = expectKind(context.input('samples'), 'latent');
  const at = plan(context, 'output', context.text('filename_prefix', 'latents/ComfyUI'));
  const shape = [latent.batchSize, 4, Math.floor(latent.height / 8), Math.floor(latent.width / 8)];
  const size = shape.reduce((product, side) => product * side, 4);
  const header = Buffer.from(
    writeJson({
      __metadata__: { prompt: context.promptJson },
      latent_tensor: { dtype: 'F32', shape, data_offsets: [0, size] },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const bytes = Buffer.concat([length, header, Buffer.alloc(size)]);
  const file = writeOne(
    context,
    { folder: 'output', subfolder: at.subfolder, name: numberedName(at, 0, 'latent') },
    bytes,
  );
  return { outputs: [], ui: { latents: [file] } };
};

function saveAudio(context: NodeContext, folder: ResultFolder, extension: 'flac' | 'mp3'): NodeResult {
  expectKind(context.input('audio'), 'audio');
  const prefix =
    folder === 'temp'
      ? `ComfyUI_temp_${context.temporarySuffix()}`
      : context.text('filename_prefix', 'audio/ComfyUI');
  const at = plan(context, folder, prefix);
  const file = writeOne(
    context,
    { folder, subfolder: at.subfolder, name: numberedName(at, 0, extension) },
    CLIPS[extension],
  );
  return { outputs: [], ui: { audio: [file] } };
}

/** Nodes that leave files or send finished pictures. */
export const SAVE_NODES: Readonly<Record<string, NodeDefinition>> = {
  SaveImage: { run: runSaveImage },
  PreviewImage: { run: runPreviewImage },
  SaveImageWebsocket: { run: runSaveImageWebsocket, changeMark: (_inputs, _files) => 'nan' },
  SaveVideo: { run: runSaveVideo },
  SaveWEBM: { run: runSaveWebm },
  SaveAnimatedWEBP: { run: runSaveAnimatedWebp },
  SaveAnimatedPNG: { run: runSaveAnimatedPng },
  CreateVideo: { run: runCreateVideo },
  SaveLatent: { run: runSaveLatent },
  SaveAudio: { run: (context) => saveAudio(context, 'output', 'flac') },
  SaveAudioMP3: { run: (context) => saveAudio(context, 'output', 'mp3') },
  PreviewAudio: { run: (context) => saveAudio(context, 'temp', 'flac') },
};
