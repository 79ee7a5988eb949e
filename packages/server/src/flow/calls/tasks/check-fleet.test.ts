import { type Graph, type NodeInfo, type NodeReplacements, startTimeSlice } from '@comfleet/comfyui';
import type { Text } from '@comfleet/contract';
import { TASK_TEXTS, toTaskSentence } from '@comfleet/contract/texts/tasks';
import { FakeClock } from '@comfleet/test-kit';
import { describe, expect, it } from 'vitest';
import { createFacts } from '../../../../test/kit/board.ts';
import type { Inventory } from '../../../fleet/workers/inventory/inventory.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import { hasCode } from '../../../platform/errors/error-details.ts';
import type { TaskRequirements } from '../../tasks/requirements.ts';
import { type Constraints, checkAgainstFleet, readConstraints, refuseUnknownWorkers } from './check-fleet.ts';
import type { KnownInventory } from './known-inventories.ts';

const node = (inputs: Record<string, unknown>, changes: Partial<NodeInfo> = {}): NodeInfo => ({
  input: { required: inputs },
  output: ['IMAGE'],
  output_node: false,
  python_module: 'nodes',
  ...changes,
});
const CORE: Record<string, NodeInfo> = {
  EmptyImage: node({ width: ['INT', { min: 1, max: 4096 }] }),
  ImageInvert: node({ image: ['IMAGE', {}] }),
  PreviewImage: node({ images: ['IMAGE', {}] }, { output: [], output_node: true }),
  PackPick: node(
    { style: [['pick one'], {}] },
    { python_module: 'custom_nodes.pack', output: [], output_node: true },
  ),
};
/** A worker whose ImageInvert has an additional input. */
const GROWN = { ...CORE, ImageInvert: node({ image: ['IMAGE', {}], amount: ['FLOAT', { min: 0, max: 1 }] }) };

function worker(objectInfo: Record<string, NodeInfo>, replacements: NodeReplacements = new Map()) {
  const inventory: Inventory = {
    ...{
      version: '0.33.0',
      pytorchVersion: null,
      models: new Map(),
      modelSizes: new Map(),
      modelKinds: new Map(),
    },
    ...{ embeddings: new Set<string>(), objectInfo, objectInfoHash: 'hash', devices: [], vramTotal: 0 },
    ...{ maxUploadBytes: null, fetchedAtMs: 0, replacements },
    classTypes: new Set([...Object.keys(objectInfo), ...replacements.keys()]),
  };
  return { inventory, capabilities: [], workers: [createFacts('gpu')], isOnline: true };
}

/** The same worker with another name. */
const named = (name: string, known: KnownInventory, labels: string[] = []) => ({
  ...known,
  workers: [createFacts(name, { labels })],
});

function check(graph: Graph, known: readonly KnownInventory[], asked: Constraints = {}) {
  const requirements: TaskRequirements = {
    taskType: 'custom',
    classTypes: [...new Set(Object.values(graph).map(({ class_type: name }) => name))],
    models: [],
    inputs: [],
    inputBytes: 0,
    excludedWorkers: [],
    ...asked,
  };
  const slice = startTimeSlice(new FakeClock());
  return checkAgainstFleet({ inventories: () => known, maxProblems: 100, slice }, graph, requirements);
}

async function refusalOf(run: () => unknown): Promise<AppError> {
  try {
    await run();
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error('accepted');
}

const PICTURE = { class_type: 'EmptyImage', inputs: { width: 64 } };
const SHOW = { class_type: 'PreviewImage', inputs: { images: ['1', 0] } };
const INVERT = { class_type: 'ImageInvert', inputs: { image: ['1', 0] } };
const PARTIAL: Graph = {
  '1': PICTURE,
  '2': SHOW,
  '3': { class_type: 'ImageInvert', inputs: {} },
  '4': { class_type: 'PreviewImage', inputs: { images: ['3', 0] } },
};

describe('a graph against the known fleet', () => {
  it('TD15 runs in part with warnings that name output, node and input', async () => {
    const { heldReason, warnings } = await check(PARTIAL, [worker(CORE)]);
    expect(heldReason).toBeNull();
    expect(warnings.map(toTaskSentence)).toEqual([
      'Output "4" (PreviewImage) is left out. node "3" (ImageInvert), input "image": Required input is missing',
    ]);
  });

  it('TD15 is refused as a whole when all or nothing is requested', async () => {
    const refusal = await refusalOf(() => check(PARTIAL, [worker(CORE)], { allOrNothing: true }));
    expect(refusal.code).toBe('INVALID_WORKFLOW');
    expect(refusal.details).toMatchObject({ node_errors: { '3': { errors: [{ input_name: 'image' }] } } });
    const whole: Graph = { '1': PICTURE, '2': SHOW };
    expect(await check(whole, [worker(CORE)], { allOrNothing: true })).toEqual({
      heldReason: null,
      warnings: [],
    });
  });

  it('is warned of what only the worker can know, and goes to it', async () => {
    const graph: Graph = { '1': { class_type: 'PackPick', inputs: { style: 'anything' } } };
    expect((await check(graph, [worker(CORE)])).warnings).toMatchObject([{ code: 'graph.doubtful' }]);
  });

  it('is checked against the worker that runs most of it', async () => {
    const graph: Graph = {
      '1': PICTURE,
      '2': SHOW,
      '3': INVERT,
      '4': { ...SHOW, inputs: { images: ['3', 0] } },
    };
    expect((await check(graph, [worker(GROWN), worker(CORE)])).warnings).toEqual([]);
    expect((await check(graph, [worker(GROWN)])).warnings).toHaveLength(1);
  });

  it('a link to nowhere that would kill any of the workers never reaches one', async () => {
    // Nodes that one kind of worker would check and skip, but that the other kind would execute.
    const graph: Graph = {
      '1': PICTURE,
      '2': SHOW,
      '3': { class_type: 'ImageInvert', inputs: { image: ['1', 0], amount: ['99', 0] } },
      '4': { class_type: 'PreviewImage', inputs: { images: ['3', 0] } },
    };
    expect((await check(graph, [worker(GROWN)])).warnings).toHaveLength(1);
    expect((await refusalOf(() => check(graph, [worker(GROWN), worker(CORE)]))).code).toBe(
      'INVALID_WORKFLOW',
    );
  });

  it('is held while no worker is known, unless a link of it leads nowhere', async () => {
    expect(await check({ '1': PICTURE, '2': SHOW }, [])).toEqual({
      heldReason: 'no_worker_known',
      warnings: [],
    });
    expect((await refusalOf(() => check({ '2': SHOW }, []))).details).toMatchObject({
      node_errors: { '2': { errors: [{ input_name: 'images' }] } },
    });
  });

  it('a class that a worker replaces is not missing', async () => {
    const replacements: NodeReplacements = new Map([
      ['Negative', { newClass: 'ImageInvert', inputs: [{ newId: 'image', oldId: 'picture' }], outputs: [] }],
    ]);
    const graph: Graph = {
      '1': PICTURE,
      '2': { class_type: 'Negative', inputs: { picture: ['1', 0] } },
      '3': { class_type: 'PreviewImage', inputs: { images: ['2', 0] } },
    };
    expect((await check(graph, [worker(CORE, replacements)])).warnings).toEqual([]);
    expect((await refusalOf(() => check(graph, [worker(CORE)]))).details).toMatchObject({
      node_errors: { '2': { errors: [{ type: 'missing_node_type' }] } },
    });
  });

  it('many problems are counted and the first ones listed', async () => {
    const broken = Array.from({ length: 300 }, (_, index) => [
      `b${index}`,
      { class_type: 'PreviewImage', inputs: {} },
    ]);
    const graph: Graph = { '1': PICTURE, '2': SHOW, ...Object.fromEntries(broken) };
    const { warnings } = await check(graph, [worker(CORE)]);
    expect(warnings).toHaveLength(21);
    expect(warnings.at(-1)).toEqual({ code: 'graph.more', params: { count: 280 } });
    delete graph['2'];
    expect((await refusalOf(() => check(graph, [worker(CORE)]))).details).toMatchObject({
      problem_count: 300,
    });
  });

  it('has its warnings in Chinese too', async () => {
    expect(Object.keys(TASK_TEXTS['zh-CN'] ?? {})).toContain('graph.doubtful');
  });
});

describe('a task that asks for single workers', () => {
  const { ImageInvert: _invert, ...small } = CORE;
  const INVERTED: Graph = { '1': PICTURE, '2': INVERT, '3': { ...SHOW, inputs: { images: ['2', 0] } } };
  const fleet = [named('full', worker(CORE), ['studio']), named('small', worker(small), ['rack'])];

  it('LB3 is checked against these alone: what only others have is no help, and that is reported', async () => {
    expect((await check(INVERTED, fleet, { pinnedWorkers: ['full'] })).heldReason).toBeNull();
    const refusals = await Promise.all(
      [{ pinnedWorkers: ['small'] }, { labels: ['rack'] }].map((asked) =>
        refusalOf(() => check(INVERTED, fleet, asked)),
      ),
    );

    expect(refusals.map(({ code, details }) => [code, details])).toMatchObject([
      [
        'NO_CAPABLE_WORKER',
        { reason: 'class_type', missing: 'ImageInvert', task_type: 'custom', workers: ['small'] },
      ],
      [
        'NO_CAPABLE_WORKER',
        { reason: 'class_type', missing: 'ImageInvert', task_type: 'custom', labels: ['rack'] },
      ],
    ]);
  });

  it('is refused as a graph for what is wrong with it anywhere', async () => {
    const broken: Graph = { '1': PICTURE, '2': { ...SHOW, inputs: {} } };
    expect((await refusalOf(() => check(broken, fleet, { pinnedWorkers: ['small'] }))).code).toBe(
      'INVALID_WORKFLOW',
    );
    const unknown: Graph = { '1': { class_type: 'Nowhere', inputs: {} } };
    expect((await refusalOf(() => check(unknown, fleet, { labels: ['rack'] }))).code).toBe(
      'INVALID_WORKFLOW',
    );
  });

  it('is held while nothing is known of them, whatever others have', async () => {
    expect(await check(INVERTED, fleet, { pinnedWorkers: ['silent'] })).toEqual({
      heldReason: 'no_worker_known',
      warnings: [],
    });
  });

  it.each([
    [{ workers: ['nobody', 'full'], labels: ['rack'] }, [[], ['nobody']], 'no worker is called nobody'],
    [{ labels: ['studio', 'roof'] }, [['roof'], []], 'lacks the label: studio, roof'],
    [{ labels: ['studio', 'rack'] }, [[], []], 'lacks the label: studio, rack'],
  ])('LB3 %j is refused with what no worker has', async (options, [labels, workers], sentence) => {
    const known = fleet.flatMap((kind) => kind.workers);
    const refusal = await refusalOf(() =>
      refuseUnknownWorkers({ workers: () => known }, readConstraints(options)),
    );

    const shown = hasCode(refusal, 'NO_CAPABLE_WORKER') && toTaskSentence(refusal.details?.lacks as Text);
    expect(shown).toBe(sentence);
    expect(refusal.details).toMatchObject({ ...options, unknown_labels: labels, unknown_workers: workers });
  });

  it('asks for nothing, or for workers that are there', async () => {
    const known = fleet.flatMap((kind) => kind.workers);
    for (const options of [{}, { workers: ['full', 'nobody'] }, { labels: ['rack'], workers: ['small'] }])
      expect(() => refuseUnknownWorkers({ workers: () => known }, readConstraints(options))).not.toThrow();
  });
});
