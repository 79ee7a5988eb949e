import { numberedName } from '../files/save-path.ts';
import { carryText } from '../images/carry-text.ts';
import type { Frame } from '../images/frame.ts';
import { encodeAnimatedPng, encodePng } from '../images/png.ts';
import { writeJson } from '../json/lossless-json.ts';
import { CLIPS } from '../media.ts';
import { planFor, type ResultFolder, saveFrames, writeMetadata, writeOne } from './image-files.ts';
import type { NodeContext, NodeDefinition, NodeResult, NodeRun } from './node-run.ts';
import { expectKind } from './values.ts';

function saveImages(context: NodeContext, folder: ResultFolder, prefix: string): NodeResult {
  const value = expectKind(context.input('images'), 'image');
  return { outputs: [value], ui: { images: saveFrames(context, folder, { prefix, frames: value.frames }) } };
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
  /** The input that is passed on as output. */
  readonly input: 'video' | 'images';
}

function saveClip(context: NodeContext, frames: readonly Frame[], clip: Clip): NodeResult {
  const at = planFor(context, 'output', {
    prefix: context.text('filename_prefix', 'ComfyUI'),
    frame: frames[0],
  });
  const bytes = context.disableMetadata
    ? clip.bytes
    : carryText(clip.bytes, clip.extension, context.promptJson);
  const file = writeOne(
    context,
    { folder: 'output', subfolder: at.subfolder, name: numberedName(at, 0, clip.extension) },
    bytes,
  );
  return { outputs: [context.input(clip.input)], ui: { images: [file], animated: [true] } };
}

const runSaveVideo: NodeRun = (context) =>
  saveClip(context, expectKind(context.input('video'), 'video').frames, {
    bytes: CLIPS.mp4,
    extension: 'mp4',
    input: 'video',
  });

const runSaveWebm: NodeRun = (context) =>
  saveClip(context, expectKind(context.input('images'), 'image').frames, {
    bytes: CLIPS.webm,
    extension: 'webm',
    input: 'images',
  });

const runSaveAnimatedWebp: NodeRun = (context) => {
  const { frames } = expectKind(context.input('images'), 'image');
  const result = saveClip(context, frames, { bytes: CLIPS.webp, extension: 'webp', input: 'images' });
  return { ...result, ui: { ...result.ui, animated: [frames.length !== 1] } };
};

const runSaveAnimatedPng: NodeRun = (context) => {
  const { frames } = expectKind(context.input('images'), 'image');
  const at = planFor(context, 'output', {
    prefix: context.text('filename_prefix', 'ComfyUI'),
    frame: frames[0],
  });
  const pixels = frames.map((frame) => frame.draw());
  const bytes = encodeAnimatedPng(pixels, context.number('fps', 6), writeMetadata(context));
  const file = writeOne(
    context,
    { folder: 'output', subfolder: at.subfolder, name: numberedName(at, 0, 'png') },
    bytes,
  );
  return { outputs: [context.input('images')], ui: { images: [file], animated: [true] } };
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
  const at = planFor(context, 'output', { prefix: context.text('filename_prefix', 'latents/ComfyUI') });
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
  return { outputs: [context.input('samples')], ui: { latents: [file] } };
};

function saveAudio(context: NodeContext, folder: ResultFolder, extension: 'flac' | 'mp3'): NodeResult {
  expectKind(context.input('audio'), 'audio');
  const prefix =
    folder === 'temp'
      ? `ComfyUI_temp_${context.temporarySuffix()}`
      : context.text('filename_prefix', 'audio/ComfyUI');
  const at = planFor(context, folder, { prefix });
  const file = writeOne(
    context,
    { folder, subfolder: at.subfolder, name: numberedName(at, 0, extension) },
    CLIPS[extension],
  );
  return { outputs: [context.input('audio')], ui: { audio: [file] } };
}

/** Nodes that write files or send finished pictures. */
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
