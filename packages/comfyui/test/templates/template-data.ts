import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Graph } from '../../src/graphs/graph.ts';
import type { ObjectInfo } from '../../src/graphs/object-info.ts';

/** An official template as the official page turns it into a graph, and what the template's author names beside it. */
export interface Template {
  api: Graph;
  /** The model files of the nodes in the graph, by the template's own `properties.models`. */
  models: { folder: string; name: string }[];
  /** Files of the input folder. */
  files: string[];
}

/** What a real server says of a graph; problems are `[node id, input name, type]`. */
export interface RealVerdict {
  isAccepted: boolean;
  /** Type of the error of a whole graph. */
  error?: string;
  problems: [string, string | null, string][];
  /** Nodes of an accepted graph that could not even be called when it runs: an argument too few or too many. */
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

/** The whole /object_info of a real ComfyUI 0.33.0 that has the files of all templates. */
export function readObjectInfo(): ObjectInfo {
  return readPacked(objectInfoFile) as ObjectInfo;
}

export function readRecording(): Recording {
  return readPacked(verdictsFile) as Recording;
}

/** Replaces the recorded answers by those of another server. */
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
