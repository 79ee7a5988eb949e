import { isObject, type Json, type JsonObject, type Writable } from '../json/lossless-json.ts';
import { printAsPython } from '../json/python-text.ts';

const PREVIEWABLE = new Set(['images', 'video', 'audio', '3d', 'text']);
const MESH_NAME = /\.(obj|fbx|gltf|glb|usdz)$/i;
const TEXT_NAME = /\.(txt|md|json)$/i;
const LONGEST_TEXT = 1024;

type Outputs = readonly (readonly [nodeId: string, output: Json])[];

/** Summary of the results in a list of jobs: how many, how many can be previewed, and which one represents all. */
export interface OutputSummary {
  readonly count: number;
  readonly previewable: number;
  readonly preview: Writable;
}

interface Shown {
  readonly nodeId: string;
  readonly mediaType: string;
  readonly item: JsonObject;
}

/** Saved pictures, audio and video come first, then temporary ones, saved texts, plain texts. */
export function summariseOutputs(outputs: Outputs): OutputSummary {
  const shown = outputs.flatMap(([nodeId, output]) => listFiles(nodeId, output));
  const previewable = shown.filter(({ mediaType, item }) => isPreviewable(mediaType, item));
  const visual = previewable.filter((one) => !isText(one));
  const chosen =
    visual.find(({ item }) => item.get('type') === 'output') ?? visual[0] ?? previewable.find(isText);
  return {
    count: shown.length,
    previewable: previewable.length,
    preview: chosen === undefined ? firstText(outputs) : describePreview(chosen),
  };
}

/** Outputs as in /api/jobs/{id}: names of 3D files become file objects, nulls are omitted. */
export function normaliseOutputs(outputs: Outputs): ReadonlyMap<string, Writable> {
  return new Map(
    outputs.map(([nodeId, output]): [string, Writable] => {
      if (!isObject(output)) return [nodeId, output];
      const lists = [...output].map(([type, items]): [string, Writable] => {
        if (type === 'animated' || !Array.isArray(items)) return [type, items];
        return [type, items.filter((item) => item !== null).map((item) => toMeshFile(item) ?? item)];
      });
      return [nodeId, new Map(lists)];
    }),
  );
}

function listFiles(nodeId: string, output: Json): Shown[] {
  if (!isObject(output)) return [];
  return [...output].flatMap(([mediaType, items]) => {
    if (mediaType === 'animated' || !Array.isArray(items)) return [];
    return items.flatMap((one) => {
      const item = isObject(one) ? one : toMeshFile(one);
      return item === undefined ? [] : [{ nodeId, mediaType, item }];
    });
  });
}

function toMeshFile(item: Json): JsonObject | undefined {
  if (typeof item !== 'string' || !MESH_NAME.test(item)) return undefined;
  return new Map<string, Json>([
    ['filename', item],
    ['type', 'output'],
    ['subfolder', ''],
    ['mediaType', '3d'],
  ]);
}

function nameOf(item: JsonObject): string {
  const name = item.get('filename');
  return typeof name === 'string' ? name : '';
}

function isPreviewable(mediaType: string, item: JsonObject): boolean {
  const format = item.get('format');
  return (
    PREVIEWABLE.has(mediaType) ||
    (typeof format === 'string' && /^(video|audio)\//.test(format)) ||
    MESH_NAME.test(nameOf(item)) ||
    TEXT_NAME.test(nameOf(item))
  );
}

function isText({ mediaType, item }: Shown): boolean {
  return mediaType === 'text' || TEXT_NAME.test(nameOf(item));
}

function describePreview({ nodeId, mediaType, item }: Shown): Writable {
  const preview = new Map(item).set('nodeId', nodeId);
  return item.has('mediaType') ? preview : preview.set('mediaType', mediaType);
}

function firstText(outputs: Outputs): Writable {
  for (const [nodeId, output] of outputs) {
    const texts = isObject(output) ? output.get('text') : undefined;
    const text = Array.isArray(texts) ? texts.find((item) => item !== null && !isObject(item)) : undefined;
    if (text === undefined) continue;
    const content = printAsPython(text);
    const cut = content.length > LONGEST_TEXT ? { truncated: true } : {};
    return { content: content.slice(0, LONGEST_TEXT), ...cut, nodeId, mediaType: 'text' };
  }
  return undefined;
}
