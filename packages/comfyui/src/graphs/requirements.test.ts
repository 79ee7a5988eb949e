import { describe, expect, it } from 'vitest';
import { parseLosslessJson } from '../json/lossless-json.ts';
import { analyseGraph } from './analyse-graph.ts';
import { type Graph, parseGraph } from './graph.ts';
import type { ObjectInfo } from './object-info.ts';
import { readRequirements } from './requirements.ts';

const graph: Graph = {
  '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'sd\\v1-5.safetensors' } },
  '2': {
    class_type: 'LoraLoader',
    inputs: { lora_name: 'style.safetensors', model: ['1', 0], clip: ['1', 1] },
  },
  '3': { class_type: 'CLIPVisionLoader', inputs: { clip_name: 'vit.safetensors' } },
  '4': { class_type: 'VAELoader', inputs: { vae_name: 'pixel_space' } },
  '5': { class_type: 'LoadImage', inputs: { image: 'job 1/in.png [output]' } },
  '6': { class_type: 'MyLoader', inputs: { picture: 'face.png', ckpt_name: ['9', 0] } },
  '7': {
    class_type: 'SaveImage',
    inputs: { images: ['5', 0], filename_prefix: 'x' },
    _meta: { title: 'Result' },
  },
  '8': { class_type: 'MyPublisher', inputs: { images: ['5', 0], steps: 4 } },
};
const objectInfo: ObjectInfo = {
  MyLoader: {
    input: { required: { picture: [['a.png'], { image_upload: true }] } },
    output: ['IMAGE'],
    output_node: false,
  },
  MyPublisher: { input: { required: { images: ['IMAGE'] } }, output: [], output_node: true },
  SaveImage: { input: { required: { images: ['IMAGE'] } }, output: [], output_node: true },
  LoadImage: { input: { required: {} }, output: ['IMAGE', 'MASK'], output_node: false },
};

describe('what a graph needs', () => {
  it('names the files to upload, split as /view wants them', () => {
    expect(readRequirements(graph).fileInputs).toEqual([
      {
        nodeId: '5',
        inputName: 'image',
        classType: 'LoadImage',
        value: 'job 1/in.png [output]',
        filename: 'in.png',
        subfolder: 'job 1',
        type: 'output',
      },
    ]);
    expect(readRequirements(graph, objectInfo).fileInputs.map((input) => input.value)).toEqual([
      'job 1/in.png [output]',
      'face.png',
    ]);
  });

  it('finds output nodes by class name, or as the server says', () => {
    expect(readRequirements(graph).outputNodeIds).toEqual(['7']);
    expect(readRequirements(graph, objectInfo).outputNodeIds).toEqual(['7', '8']);
  });

  it('lists classes once', () => {
    const parsed = parseGraph({
      a: { class_type: 'B', inputs: {} },
      b: { class_type: 'A', inputs: {} },
      c: { class_type: 'B', inputs: {} },
    });
    expect(parsed.ok && readRequirements(parsed.graph).classTypes).toEqual(['A', 'B']);
  });
});

describe('analysing a graph', () => {
  it('WF17 tells nodes, connections, inputs and outputs', () => {
    const analysis = analyseGraph(graph, objectInfo);
    expect(analysis.nodes.find((node) => node.nodeId === '7')).toEqual({
      nodeId: '7',
      classType: 'SaveImage',
      title: 'Result',
      isOutput: true,
      known: true,
    });
    expect(analysis.connections).toContainEqual({
      fromNodeId: '5',
      outputIndex: 0,
      toNodeId: '7',
      inputName: 'images',
      type: 'IMAGE',
    });
    expect(analysis.inputs).toContainEqual({
      nodeId: '8',
      inputName: 'steps',
      valueType: 'number',
      value: 4,
    });
    expect(analysis.outputs.map((node) => node.nodeId)).toEqual(['7', '8']);
    expect(analysis.classCounts['LoraLoader']).toBe(1);
    expect(analysis.nodes.find((node) => node.nodeId === '1')?.known).toBe(false);
  });

  it('a lossless number is a number', () => {
    const parsed = parseGraph(
      parseLosslessJson('{"1":{"class_type":"A","inputs":{"seed":18446744073709551615}}}'),
    );
    expect(parsed.ok && analyseGraph(parsed.graph).inputs[0]?.valueType).toBe('number');
  });
});
