import { describe, expect, it } from 'vitest';
import { findStandIn, listModelChoices, type ModelOffer } from './model-choices.ts';

const WORKFLOW = {
  taskType: 'text_to_image',
  graph: {
    '4': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'v1-5-pruned.safetensors' } },
    '3': { class_type: 'KSampler', inputs: { sampler_name: 'euler' } },
  },
};
const CHECKPOINT = {
  targets: [{ nodeId: '4', inputName: 'ckpt_name' }],
  defaultValue: undefined,
  modelKind: 'sd1' as const,
};

function offer(
  files: string[],
  changes: Partial<ModelOffer> = {},
  kinds: Record<string, 'sd1' | 'flux'> = {},
) {
  return {
    inventory: {
      objectInfo: {
        CheckpointLoaderSimple: { input: { required: { ckpt_name: [files] } } },
        KSampler: { input: { required: { sampler_name: [['euler', 'heun']] } } },
      },
      classTypes: new Set(['CheckpointLoaderSimple', 'KSampler']),
      models: new Map([['checkpoints', new Set(files)]]),
      modelKinds: new Map([['checkpoints', new Map(Object.entries(kinds))]]),
    },
    capabilities: [],
    isOnline: true,
    ...changes,
  };
}

describe('listModelChoices', () => {
  it('TD13 joins what the workers have, each file once, with `/` between folders', () => {
    const fleet = [
      offer(['b.safetensors', 'sd\\a.safetensors']),
      offer(['sd/a.safetensors'], { isOnline: false }),
    ];

    expect(listModelChoices(WORKFLOW, CHECKPOINT, fleet)).toEqual([
      { name: 'b.safetensors', kind: null, isOnline: true, holders: 1 },
      { name: 'sd/a.safetensors', kind: null, isOnline: true, holders: 2 },
    ]);
  });

  it('leaves out workers that do not take the type of task', () => {
    const fleet = [offer(['a.safetensors']), offer(['b.safetensors'], { capabilities: ['image_to_video'] })];

    expect(listModelChoices(WORKFLOW, CHECKPOINT, fleet)?.map(({ name }) => name)).toEqual(['a.safetensors']);
  });

  it.each([
    ['a list of something else', [offer(['a.safetensors'])], '3', 'sampler_name'],
    ['an input without a list', [offer(['a.safetensors'])], '3', 'seed'],
    ['no worker', [], '4', 'ckpt_name'],
  ])('is null for %s', (_what, fleet, nodeId, inputName) => {
    expect(listModelChoices(WORKFLOW, { targets: [{ nodeId, inputName }] }, fleet)).toBeNull();
  });
});

describe('findStandIn', () => {
  it('does not replace a file that a worker has', () => {
    const fleet = [offer(['sd1.safetensors']), offer(['v1-5-pruned.safetensors'])];

    expect(findStandIn(WORKFLOW, CHECKPOINT, fleet)).toEqual({ kind: 'none' });
  });

  it('TD13 takes one in service of its kind where only a worker that is away has the file, else leaves it', () => {
    const kinds = { 'photo.safetensors': 'sd1' } as const;
    const away = { isOnline: false };
    const own = offer(['v1-5-pruned.safetensors'], away, kinds);

    expect(findStandIn(WORKFLOW, CHECKPOINT, [own, offer(['photo.safetensors'], {}, kinds)])).toEqual({
      kind: 'file',
      name: 'photo.safetensors',
      instead: 'v1-5-pruned.safetensors',
      isAway: true,
    });
    expect(findStandIn(WORKFLOW, CHECKPOINT, [own, offer(['photo.safetensors'], away, kinds)])).toEqual({
      kind: 'none',
    });
  });

  it('TD13 takes the one of its kind by the header, never the first of the list', () => {
    const files = ['anything.safetensors', 'photo.safetensors', 'sd1_of_old.safetensors'];
    const kinds = {
      'anything.safetensors': 'flux',
      'photo.safetensors': 'sd1',
      'sd1_of_old.safetensors': 'flux',
    } as const;

    expect(findStandIn(WORKFLOW, CHECKPOINT, [offer(files, {}, kinds)])).toEqual({
      kind: 'file',
      name: 'photo.safetensors',
      instead: 'v1-5-pruned.safetensors',
    });
  });

  it('TD13 takes the one of its kind by the name where no header tells it', () => {
    const fleet = [offer(['a-flux.safetensors', 'sd15-inpainting.safetensors', 'sd15_mine.ckpt'])];

    expect(findStandIn(WORKFLOW, CHECKPOINT, fleet)).toMatchObject({ name: 'sd15_mine.ckpt' });
  });

  it('takes of several one in service, with usual settings, that most workers have', () => {
    const offline = offer(['sd15_away.safetensors'], { isOnline: false });
    const usual = offer(['sd15_lcm.safetensors', 'sd15_rare.safetensors', 'sd15_z.safetensors']);
    const fleet = [offline, { ...offline }, { ...offline }, usual, offer(['sd15_z.safetensors'])];

    expect(findStandIn(WORKFLOW, CHECKPOINT, fleet)).toMatchObject({ name: 'sd15_z.safetensors' });
  });

  it('TD13 asks when no file is certainly of its kind, even if there is only one file', () => {
    expect(findStandIn(WORKFLOW, CHECKPOINT, [offer(['mine.safetensors'])])).toEqual({
      kind: 'unclear',
      instead: 'v1-5-pruned.safetensors',
      known: ['mine.safetensors'],
    });
  });

  it('replaces the default of the configuration too, and nothing where no kind is given', () => {
    const fleet = [offer(['v1-5-pruned.safetensors'])];

    expect(findStandIn(WORKFLOW, { ...CHECKPOINT, defaultValue: 'mine.ckpt' }, fleet)).toMatchObject({
      kind: 'file',
      instead: 'mine.ckpt',
    });
    expect(
      findStandIn(WORKFLOW, { ...CHECKPOINT, defaultValue: 'mine.ckpt', modelKind: null }, fleet),
    ).toEqual({ kind: 'none' });
  });
});
