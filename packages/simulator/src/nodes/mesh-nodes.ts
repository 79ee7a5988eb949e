import { posix } from 'node:path';
import { readAnnotatedName } from '../files/annotated-name.ts';
import { barelyNumberedName, numberedName } from '../files/save-path.ts';
import { planFor, writeOne } from './image-files.ts';
import {
  type NodeContext,
  type NodeDefinition,
  NodeFailure,
  type NodeResult,
  type NodeRun,
} from './node-run.ts';
import { expectKind } from './values.ts';

/** Every output of the 3D classes: file, model infos, camera, width, height. */
function passModel(context: NodeContext): readonly unknown[] {
  return [context.input('model_3d'), [], null, context.input('width'), context.input('height')];
}

const runLoad: NodeRun = (context) => {
  const name = context.text('model_file');
  const { path, folder } = readAnnotatedName(name);
  const file = context.files.read(folder ?? 'input', path);
  if (file === undefined)
    throw new NodeFailure('FileNotFoundError', `[Errno 2] No such file or directory: '${name}'`);
  const mesh = { kind: 'mesh', bytes: file.bytes, extension: posix.extname(path).slice(1).toLowerCase() };
  return { outputs: [mesh, [], null, context.input('width'), context.input('height')] };
};

/** `result` has the path as a text, not as a file object. */
const runSaveAdvanced: NodeRun = (context) => {
  const { bytes, extension } = expectKind(context.input('model_3d'), 'mesh');
  const at = planFor(context, 'output', { prefix: context.text('filename_prefix', '3d/ComfyUI') });
  const place = {
    folder: 'output' as const,
    subfolder: at.subfolder,
    name: barelyNumberedName(at, 0, extension),
  };
  const { filename, subfolder } = writeOne(context, place, bytes);
  return {
    outputs: passModel(context),
    ui: { result: [subfolder === '' ? filename : `${subfolder}/${filename}`, null, []] },
  };
};

const runPreviewAdvanced: NodeRun = (context) => {
  const { bytes, extension } = expectKind(context.input('model_3d'), 'mesh');
  const name = `preview3d_advanced_${context.randomHex(32)}.${extension}`;
  const { filename } = writeOne(context, { folder: 'temp', subfolder: '', name }, bytes);
  return { outputs: passModel(context), ui: { result: [filename, null, []] } };
};

/** A path is shown as it is; a file is copied to output first. */
const runPreview = (context: NodeContext): NodeResult => {
  const model = context.input('model_file');
  if (typeof model === 'string') return { outputs: [], ui: { result: [model, null, null] } };
  const { bytes, extension } = expectKind(model, 'mesh');
  const name = `preview3d_${context.randomHex(32)}.${extension}`;
  const { filename } = writeOne(context, { folder: 'output', subfolder: '', name }, bytes);
  return { outputs: [], ui: { result: [filename, null, null] } };
};

const runSaveGlb: NodeRun = (context) => {
  const { bytes, extension } = expectKind(context.input('mesh'), 'mesh');
  const at = planFor(context, 'output', { prefix: context.text('filename_prefix', '3d/ComfyUI') });
  const place = { folder: 'output' as const, subfolder: at.subfolder, name: numberedName(at, 0, extension) };
  return { outputs: [], ui: { '3d': [writeOne(context, place, bytes)] } };
};

/** Nodes for 3D files of 0.33. */
export const MESH_NODES: Readonly<Record<string, NodeDefinition>> = {
  Load3DAdvanced: { run: runLoad },
  Save3DAdvanced: { run: runSaveAdvanced },
  Preview3DAdvanced: { run: runPreviewAdvanced },
  Preview3D: { run: runPreview },
  SaveGLB: { run: runSaveGlb },
};
