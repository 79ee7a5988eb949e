import { barelyNumberedName } from '../files/save-path.ts';
import type { Frame } from '../images/frame.ts';
import { CLIPS } from '../media.ts';
import { encodeFrame, planFor, type ResultFolder, saveFrames, writeOne } from './image-files.ts';
import {
  type NodeContext,
  type NodeDefinition,
  NodeFailure,
  type NodeResult,
  type NodeRun,
} from './node-run.ts';
import { SAVE_NODES } from './save-nodes.ts';
import { expectKind } from './values.ts';

/** Magic number of an OpenEXR file; none of our readers needs more. */
const EXR_HEAD = Buffer.from([0x76, 0x2f, 0x31, 0x01, 2, 0, 0, 0]);

const runSaveImageAdvanced: NodeRun = (context) => {
  const value = expectKind(context.input('images'), 'image');
  const extension = context.text('format');
  const prefix = context.text('filename_prefix', 'ComfyUI');
  const at = planFor(context, 'output', { prefix, frame: value.frames[0] });
  const images = value.frames.map((frame, index) => {
    const name = barelyNumberedName(at, index, extension);
    return writeOne(
      context,
      { folder: 'output', subfolder: at.subfolder, name },
      encodeAs(context, frame, extension),
    );
  });
  return { outputs: [value], ui: { images } };
};

function encodeAs(context: NodeContext, frame: Frame, extension: string): Buffer {
  const png = encodeFrame(context, frame);
  return extension === 'exr' ? Buffer.concat([EXR_HEAD, png]) : png;
}

const runSaveText: NodeRun = (context) => {
  const text = context.text('text');
  const at = planFor(context, 'output', { prefix: context.text('filename_prefix', 'ComfyUI') });
  const name = barelyNumberedName(at, 0, context.text('format', 'txt'));
  const file = writeOne(context, { folder: 'output', subfolder: at.subfolder, name }, Buffer.from(text));
  return { outputs: [text], ui: { text: [text], files: [file] } };
};

/** Saves files in a folder of the data set without reporting them. */
const runSaveDataSet: NodeRun = (context) => {
  const { frames } = expectKind(context.input('images'), 'image');
  const folder = context.text('folder_name', 'dataset');
  const prefix = `${folder}/${context.text('filename_prefix', 'image')}`;
  const at = planFor(context, 'output', { prefix, frame: frames[0] });
  for (const [index, frame] of frames.entries()) {
    const place = String(index).padStart(5, '0');
    const name =
      context.text('mode', 'overwrite') === 'overwrite'
        ? `${at.name}_${place}.png`
        : `${at.name}_${String(at.counter).padStart(5, '0')}_${place}.png`;
    writeOne(context, { folder: 'output', subfolder: at.subfolder, name }, encodeFrame(context, frame));
  }
  return { outputs: [] };
};

const runCompare: NodeRun = (context) => {
  const suffix = context.temporarySuffix();
  const show = (side: 'a' | 'b') => {
    const value = context.input(`image_${side}`);
    if (value === undefined) return [];
    const { frames } = expectKind(value, 'image');
    return saveFrames(context, 'temp', { prefix: `comfy.compare.${side}_temp_${suffix}`, frames });
  };
  return { outputs: [], ui: { a_images: show('a'), b_images: show('b') } };
};

/** A single frame is not an animation: `animated` is then omitted. */
function animatedWhenMany(definition: NodeDefinition | undefined): NodeDefinition {
  return {
    async run(context) {
      if (definition === undefined) throw new NodeFailure('KeyError', `'${context.classType}'`);
      const { outputs, ui } = await definition.run(context);
      const isAnimated = expectKind(context.input('images'), 'image').frames.length > 1;
      return { outputs, ui: { images: ui?.images, ...(isAnimated && { animated: [true] }) } };
    },
  };
}

type Sound = 'flac' | 'mp3' | 'opus';

/** Since 0.25.0 names of audio files end with their number. */
function saveSound(context: NodeContext, folder: ResultFolder, extension: Sound): NodeResult {
  const value = expectKind(context.input('audio'), 'audio');
  const prefix =
    folder === 'temp'
      ? `ComfyUI_temp_${context.temporarySuffix()}`
      : context.text('filename_prefix', 'audio/ComfyUI');
  const at = planFor(context, folder, { prefix });
  const name = barelyNumberedName(at, 0, extension);
  const bytes = extension === 'mp3' ? CLIPS.mp3 : CLIPS.flac;
  return {
    outputs: [value],
    ui: { audio: [writeOne(context, { folder, subfolder: at.subfolder, name }, bytes)] },
  };
}

const runSaveAudioAdvanced: NodeRun = (context) => {
  const format = context.text('format');
  return saveSound(context, 'output', format === 'mp3' || format === 'opus' ? format : 'flac');
};

/** Save nodes that are newer than 0.3.64, or name their files differently since. */
export const SAVE_NODES_033: Readonly<Record<string, NodeDefinition>> = {
  SaveImageAdvanced: { run: runSaveImageAdvanced },
  SaveAnimatedPNG: animatedWhenMany(SAVE_NODES.SaveAnimatedPNG),
  SaveAnimatedWEBP: animatedWhenMany(SAVE_NODES.SaveAnimatedWEBP),
  SaveText: { run: runSaveText },
  SaveImageDataSetToFolder: { run: runSaveDataSet },
  ImageCompare: { run: runCompare },
  EmptyAudio: { run: () => ({ outputs: [{ kind: 'audio', name: 'empty' }] }) },
  SaveAudio: { run: (context) => saveSound(context, 'output', 'flac') },
  SaveAudioMP3: { run: (context) => saveSound(context, 'output', 'mp3') },
  SaveAudioAdvanced: { run: runSaveAudioAdvanced },
  PreviewAudio: { run: (context) => saveSound(context, 'temp', 'flac') },
};
