import { describe, expect, it } from 'vitest';
import { editGraph } from './edit-graph.ts';

const GRAPH =
  '{"3":{"class_type":"KSampler","inputs":{"seed":9007199254740993,"cfg":1.0,"model":["4",0],"on":true}},' +
  '"6":{"class_type":"CLIPTextEncode","inputs":{"text":"old"}}}';

describe('editGraph', () => {
  it('WF23 leaves the digits of what it does not change', () => {
    expect(editGraph(GRAPH, { assignments: ['6.text=a cat = nice'] })).toBe(
      '{"3":{"class_type":"KSampler","inputs":{"seed":9007199254740993,"cfg":1.0,"model":["4",0],"on":true}},' +
        '"6":{"class_type":"CLIPTextEncode","inputs":{"text":"a cat = nice"}}}',
    );
  });

  it('WF23 sets seeds up to 2^64 - 1', () => {
    expect(editGraph(GRAPH, { assignments: [], seed: '18446744073709551615' })).toContain(
      '"seed":18446744073709551615',
    );
  });

  it('keeps the kind of a value', () => {
    const edited = editGraph(GRAPH, { assignments: ['3.cfg=7.0', '3.on=false'] });

    expect(edited).toContain('"cfg":7.0,"model":["4",0],"on":false');
  });

  it('finds inputs and nodes with dots in their names', () => {
    const graph =
      '{"a.b":{"class_type":"ResizeImageMaskNode","inputs":{"resize_type":"x","resize_type.multiplier":0.5}}}';
    expect(editGraph(graph, { assignments: ['a.b.resize_type.multiplier=2.0'] })).toBe(
      graph.replace('0.5', '2.0'),
    );
  });

  it('opens the wrapper of a saved prompt', () => {
    expect(editGraph(`{"prompt":${GRAPH}}`, { assignments: [] })).toBe(GRAPH);
  });

  it.each([
    ['an input that is not there', GRAPH, '3.nothing=1', 'The graph has no input 3.nothing'],
    ['a node that is not there', GRAPH, '9.seed=1', 'The graph has no input 9.seed'],
    ['a linked input', GRAPH, '3.model=x', '3.model is linked'],
    ['text for a number', GRAPH, '3.cfg=much', '3.cfg must be a number'],
    ['text that is not JSON', '{', '3.cfg=1', 'not valid JSON from line 1, column 2 on'],
    ['the UI format', '{"nodes":[],"links":[]}', '3.cfg=1', 'Export (API)'],
  ])('refuses %s', (_name, text, assignment, message) => {
    expect(() => editGraph(text, { assignments: [assignment] })).toThrow(message);
  });

  it('refuses a seed for a graph without one', () => {
    const graph = '{"1":{"class_type":"EmptyImage","inputs":{"width":64}}}';

    expect(() => editGraph(graph, { assignments: [], seed: '1' })).toThrow('The graph has no seed to set.');
  });
});
