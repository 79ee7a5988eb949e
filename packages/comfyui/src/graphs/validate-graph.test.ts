import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readTranscript } from '../../test/read-transcript.ts';
import { parseLosslessJson } from '../json/lossless-json.ts';
import { isRecord } from '../json/records.ts';
import { parseTolerantJson } from '../json/tolerant-json.ts';
import { type Graph, parseGraph } from './graph.ts';
import type { ObjectInfo } from './object-info.ts';
import { validateGraph } from './validate-graph.ts';

/** The whole /object_info of a real ComfyUI 0.3.64: 548 classes. */
const objectInfo = parseTolerantJson(
  readFileSync(new URL('../../test-data/object_info-0.3.64.json', import.meta.url), 'utf8'),
) as ObjectInfo;

const TEXT_TO_IMAGE = `{
  "3": {"class_type":"KSampler","inputs":{"seed":18446744073709551615,"steps":20,"cfg":7.0,"sampler_name":"euler",
    "scheduler":"normal","denoise":1.0,"model":["4",0],"positive":["6",0],"negative":["7",0],"latent_image":["5",0]}},
  "4": {"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"random-a.safetensors"}},
  "5": {"class_type":"EmptyLatentImage","inputs":{"width":512,"height":512,"batch_size":1}},
  "6": {"class_type":"CLIPTextEncode","inputs":{"text":"a cat","clip":["4",1]}},
  "7": {"class_type":"CLIPTextEncode","inputs":{"text":"","clip":["4",1]}},
  "8": {"class_type":"VAEDecode","inputs":{"samples":["3",0],"vae":["4",2]}},
  "9": {"class_type":"SaveImage","inputs":{"filename_prefix":"ComfyUI","images":["8",0]}}
}`;

function graphOf(text: string): Graph {
  const parsed = parseGraph(parseLosslessJson(text));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.graph;
}

function edited(edit: (graph: Graph) => void): Graph {
  const graph = graphOf(TEXT_TO_IMAGE);
  edit(graph);
  return graph;
}

function set(nodeId: string, inputName: string, json: string): Graph {
  return edited((graph) => {
    const node = graph[nodeId];
    if (node !== undefined) node.inputs[inputName] = parseLosslessJson(json);
  });
}

function problemsOf(graph: Graph): (string | null)[][] {
  return validateGraph(graph, objectInfo, { version: '0.3.64' }).problems.map((problem) => [
    problem.nodeId,
    problem.inputName,
    problem.type,
  ]);
}

describe('validating against the object_info of a real server', () => {
  it('a text-to-image graph with the largest seed is fine', () => {
    expect(problemsOf(graphOf(TEXT_TO_IMAGE))).toEqual([]);
  });

  it.each([
    ['3', 'seed', '18446744073709551616', 'value_bigger_than_max'],
    ['3', 'seed', '-1', 'value_smaller_than_min'],
    ['3', 'steps', '0', 'value_smaller_than_min'],
    ['3', 'cfg', '100.01', 'value_bigger_than_max'],
    ['3', 'steps', '"many"', 'invalid_input_type'],
    ['3', 'steps', 'null', 'invalid_input_type'],
    ['3', 'cfg', '{}', 'invalid_input_type'],
    ['3', 'sampler_name', '"eulr"', 'value_not_in_list'],
    ['4', 'ckpt_name', '"missing.safetensors"', 'value_not_in_list'],
    ['8', 'samples', '["4",0]', 'return_type_mismatch'],
    ['8', 'samples', '["4"]', 'bad_linked_input'],
    ['8', 'samples', '["77",0]', 'exception_during_validation'],
    ['8', 'samples', '["3",5]', 'exception_during_validation'],
  ])('node %s: %s = %s is %s', (nodeId, inputName, json, type) => {
    expect(problemsOf(set(nodeId, inputName, json))).toEqual([[nodeId, inputName, type]]);
  });

  it.each([
    ['3', 'steps', '"5"'],
    ['3', 'steps', '20.9'],
    ['3', 'steps', 'true'],
    ['3', 'cfg', '"7.5"'],
    ['3', 'cfg', '1e1'],
    ['6', 'text', '5'],
    ['6', 'text', '{"__value__":["a","b"]}'],
  ])('node %s: %s = %s is converted as Python does', (nodeId, inputName, json) => {
    expect(problemsOf(set(nodeId, inputName, json))).toEqual([]);
  });

  it('a missing input and an unknown class are named', () => {
    const missing = edited((graph) => delete graph['9']?.inputs['images']);
    expect(problemsOf(missing)).toEqual([['9', 'images', 'required_input_missing']]);
    const unknown = edited((graph) => {
      graph['99'] = { class_type: 'NoSuchNode', inputs: {} };
    });
    expect(problemsOf(unknown)).toEqual([['99', null, 'missing_node_type']]);
  });

  it('a graph without output node has no outputs', () => {
    expect(problemsOf(edited((graph) => delete graph['9']))).toEqual([[null, null, 'prompt_no_outputs']]);
  });

  it('nodes that feed no output are not looked at', () => {
    const graph = edited((g) => {
      g['50'] = { class_type: 'EmptyLatentImage', inputs: { width: -5 } };
    });
    expect(problemsOf(graph)).toEqual([]);
  });

  it('a cycle is named once and does not hang', () => {
    const graph = graphOf(`{
      "1": {"class_type":"ImageInvert","inputs":{"image":["2",0]}},
      "2": {"class_type":"ImageInvert","inputs":{"image":["1",0]}},
      "3": {"class_type":"SaveImage","inputs":{"filename_prefix":"x","images":["1",0]}}
    }`);
    expect(problemsOf(graph)).toEqual([['1', null, 'dependency_cycle']]);
  });

  it('a chain of 20,000 nodes does not overflow the stack', () => {
    const graph: Graph = {
      '0': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
    };
    for (let i = 1; i <= 20_000; i += 1)
      graph[i] = { class_type: 'ImageInvert', inputs: { image: [`${i - 1}`, 0] } };
    graph['end'] = { class_type: 'SaveImage', inputs: { filename_prefix: 'x', images: ['20000', 0] } };
    expect(problemsOf(graph)).toEqual([]);
  });

  it('an uploaded image need not be in the list of the server', () => {
    const graph = graphOf(`{
      "1": {"class_type":"LoadImage","inputs":{"image":"just uploaded.png"}},
      "2": {"class_type":"PreviewImage","inputs":{"images":["1",0]}}
    }`);
    expect(problemsOf(graph)).toEqual([]);
  });

  it.each([
    'validation-400-missing-input',
    'validation-400-unknown-class',
    'partial-200-node-errors',
    'success',
    'video-outputs',
  ])('agrees with what the real server answered in %s', (name) => {
    const post = readTranscript(name).find((line) => line.kind === 'http' && line.call === 'POST /prompt');
    if (post?.kind !== 'http' || !isRecord(post.request) || !isRecord(post.response))
      throw new Error('no POST');
    const parsed = parseGraph(post.request['prompt']);
    const ours = parsed.ok ? problemsOf(parsed.graph).map(([nodeId]) => nodeId) : [];
    const error = post.response['error'];
    const errors = isRecord(post.response['node_errors']) ? Object.keys(post.response['node_errors']) : [];
    const unknown = isRecord(error) && error['type'] === 'invalid_prompt' ? ['9'] : [];
    expect(ours.length > 0).toBe(errors.length + unknown.length > 0);
    if (errors.length > 0) expect([...new Set(ours)]).toEqual(errors);
  });
});
