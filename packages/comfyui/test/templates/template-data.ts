import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Graph } from '../../src/graphs/graph.ts';
import type { ObjectInfo } from '../../src/graphs/object-info.ts';

/** An official template, converted to a graph by the official page, and the files that its author lists. */
export interface Template {
  api: Graph;
  /** The model files of the graph's nodes, from the template's `properties.models`. */
  models: { folder: string; name: string }[];
  /** Files of the input folder. */
  files: string[];
}

/** A real server's verdict on a graph; problems are `[node id, input name, type]`. */
export interface RealVerdict {
  isAccepted: boolean;
  /** Type of the error of the whole graph. */
  error?: string;
  problems: [string, string | null, string][];
  /** Nodes of an accepted graph that could not be called when it runs: an argument is missing or unexpected. */
  failingCalls?: string[];
}

/** One recorded verdict on a mutation. */
export interface RecordedMutation {
  kind: string;
  seed: number;
  template: string;
  digest: string;
  verdict: RealVerdict;
}

/** The verdicts of one server. */
export interface Recording {
  comfyui: string;
  templates: Record<string, RealVerdict>;
  mutations: RecordedMutation[];
}

const templatesFile = new URL('templates.json.gz', import.meta.url);
const verdictsFile = new URL('verdicts.json.gz', import.meta.url);
const objectInfoFile = new URL('../../test-data/object_info-0.33.0.json.gz', import.meta.url);

export function readTemplates(): Map<string, Template> {
  return new Map(Object.entries(readPacked(templatesFile) as Record<string, Template>));
}

/** The complete /object_info of a real ComfyUI 0.33.0 that has the files of all templates. */
export function readObjectInfo(): ObjectInfo {
  return readPacked(objectInfoFile) as ObjectInfo;
}

export function readRecording(): Recording {
  return readPacked(verdictsFile) as Recording;
}

/** Replaces the recorded verdicts by those of another server. */
export function writeRecording(recording: Recording, objectInfo: unknown): void {
  writePacked(verdictsFile, recording);
  writePacked(objectInfoFile, objectInfo);
}

function readPacked(file: URL): unknown {
  return JSON.parse(gunzipSync(readFileSync(file)).toString('utf8'));
}

function writePacked(file: URL, value: unknown): void {
  writeFileSync(file, gzipSync(JSON.stringify(value), { level: 9 }));
}
