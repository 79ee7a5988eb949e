import { describe, expect, test } from 'vitest';
import { BoardTable, createFacts, NEEDS, RULES, withModel } from '../../../test/kit/board.ts';
import { named } from '../../../test/kit/named.ts';
import { explainWaiting } from './explain.ts';

const A = withModel('a');
const B = withModel('b');

/** Why each worker refuses the first task of a lane. */
function refusals(table: BoardTable, lane: string) {
  const found = table.board.findLane(lane);
  if (!found) throw new Error(`no lane ${lane}`);
  const { workers } = explainWaiting(
    table.board,
    { lane: found, needs: found.needs, task: { ownerId: named('owner'), projectId: null } },
    RULES,
  );
  return Object.fromEntries(workers.map(({ name, refusal }) => [name, refusal]));
}

describe('which workers are candidates', () => {
  test('LB3 ND17 only those online, with a free slot and everything the task needs; each other one has its reason', () => {
    const table = new BoardTable([
      createFacts('off', { state: 'offline' }),
      createFacts('serviced', { state: 'maintenance' }),
      createFacts('drained', { state: 'draining' }),
      createFacts('full', { slots: 1 }),
      createFacts('new', { classTypes: null, models: null }),
      createFacts('video only', { capabilities: ['image_to_video'] }),
      createFacts('old', { classTypes: new Set(['SaveImage']) }),
      createFacts('poor', { models: new Map([['checkpoints', new Set(['b.safetensors'])]]) }),
      createFacts('small', { vramBytes: 8 }),
      createFacts('narrow', { maxUploadBytes: 10 }),
      createFacts('unlabelled', { labels: ['studio'] }),
    ]);
    table.wait('lane', withModel('a', { minVramBytes: 16, inputBytes: 20, labels: [] }));
    table.send('full', NEEDS);

    expect(table.step()).toBe('lane on unlabelled, switch');
    expect(refusals(table, 'lane')).toEqual({
      off: { reason: 'offline' },
      serviced: { reason: 'maintenance' },
      drained: { reason: 'draining' },
      full: { reason: 'full' },
      new: { reason: 'no_inventory' },
      'video only': { reason: 'task_type', missing: 'text_to_image' },
      old: { reason: 'class_type', missing: 'KSampler' },
      poor: { reason: 'model', missing: 'checkpoints/a.safetensors' },
      small: { reason: 'vram' },
      narrow: { reason: 'upload_limit', missing: '20 bytes' },
      unlabelled: null,
    });
  });

  test('a task runs only on workers with all its labels, or on those it names', () => {
    const table = new BoardTable([
      createFacts('one', { labels: ['a'] }),
      createFacts('two', { labels: ['a', 'b'] }),
    ]);
    table.wait('labelled', { ...NEEDS, labels: ['a', 'b'] });
    table.wait('pinned', { ...NEEDS, pinnedWorkers: ['one'] });

    expect([table.step(), table.step()]).toEqual(['labelled on two, hot', 'pinned on one, hot']);
  });

  test('a worker on which the task failed is avoided while another capable one is online, even a full one', () => {
    const table = new BoardTable([createFacts('failed'), createFacts('other', { slots: 1 })]);
    table.wait('again', { ...NEEDS, excludedWorkers: ['failed'] });
    const running = table.send('other', NEEDS);
    expect(table.step()).toBe('none');
    expect(refusals(table, 'again')).toMatchObject({ failed: { reason: 'failed_here' } });

    table.board.setWorker(createFacts('other', { slots: 1, state: 'offline' }));
    expect(table.step()).toBe('again on failed, hot');
    table.end('other', running);
  });

  test('a worker with too little memory is taken only where no larger one is online', () => {
    const table = new BoardTable([
      createFacts('small', { vramBytes: 8 }),
      createFacts('large', { vramBytes: 24, slots: 1 }),
    ]);
    table.wait('lane', { ...NEEDS, minVramBytes: 16 });
    const running = table.send('large', NEEDS);
    expect(table.step()).toBe('none');

    table.board.setWorker(createFacts('large', { vramBytes: 24, slots: 1, state: 'offline' }));
    expect(table.step()).toBe('lane on small, hot');
    table.end('large', running);
  });

  test('ND16 a backup is taken only while no primary worker that could run the task is online', () => {
    const table = new BoardTable([
      createFacts('main', { slots: 1 }),
      createFacts('spare', { group: 'backup' }),
    ]);
    table.wait('lane', NEEDS);
    table.send('main', NEEDS);
    expect(table.step()).toBe('none');
    expect(refusals(table, 'lane')).toMatchObject({ spare: { reason: 'backup' } });

    table.board.setWorker(createFacts('main', { slots: 1, state: 'offline' }));
    expect(table.step()).toBe('lane on spare, hot');
  });

  test('simulated workers get no tasks once a real one is registered', () => {
    const table = new BoardTable([createFacts('sim', { simulated: true })]);
    table.wait('lane', NEEDS);
    table.board.setWorker(createFacts('real', { state: 'offline' }));
    expect(table.step()).toBe('none');
    expect(refusals(table, 'lane')).toMatchObject({ sim: { reason: 'simulated_beside_real' } });

    table.board.removeWorker('real' as never);
    expect(table.step()).toBe('lane on sim, hot');
  });

  test('WF10 a task type at its limit starts nothing more until one of its tasks has ended', () => {
    const table = new BoardTable([createFacts('one', { slots: 4 })]);
    const typeLimit = (type: string) => (type === 'text_to_image' ? 1 : null);
    const running = table.send('one', NEEDS);
    table.wait('limited', NEEDS);
    table.wait('free', { ...NEEDS, taskType: 'image_to_video' });

    expect([table.step({ typeLimit }), table.step({ typeLimit })]).toEqual(['free on one, hot', 'none']);
    table.end('one', running);
    expect(table.step({ typeLimit })).toBe('limited on one, hot');
  });

  test('a worker that comes back with fewer slots, or another inventory, is placed by them', () => {
    const table = new BoardTable([createFacts('one')]);
    table.wait('lane', A);
    table.board.setWorker(createFacts('one', { slots: 0 }));
    expect(table.step()).toBe('none');
    expect(refusals(table, 'lane')).toEqual({ one: { reason: 'suspect' } });
    table.board.setWorker(createFacts('one', { models: new Map([['checkpoints', new Set<string>()]]) }));
    expect(table.step()).toBe('none');
    table.board.setWorker(createFacts('one'));
    expect(table.step()).toBe('lane on one, switch');
  });
});

describe('which task comes first', () => {
  test('TQ3 rank, then the client with the fewest prompts on workers, then age', () => {
    const table = new BoardTable([createFacts('one', { slots: 9 })]);
    table.send('one', NEEDS, { ownerId: named('busy') });
    const more = (word: string) => ({
      ...NEEDS,
      classTypes: ['KSampler', ...(word === '' ? [] : ['SaveImage'])],
    });
    table.wait('busy old', more('x'), { ownerId: named('busy') });
    table.wait('idle new', NEEDS, { ownerId: named('idle') });
    table.wait('busy urgent', { ...NEEDS, taskType: 'other' }, { ownerId: named('busy'), rank: 9 });

    expect([table.step(), table.step(), table.step()]).toEqual([
      'busy urgent on one, hot',
      'idle new on one, hot',
      'busy old on one, hot',
    ]);
  });
});

describe('models that are loaded', () => {
  test('a task goes where its models are loaded, whatever the strategy', () => {
    const table = new BoardTable([createFacts('one'), createFacts('two', { priority: 9 })]);
    table.end('one', table.send('one', A));
    table.wait('lane', A);

    expect(table.step({ strategy: 'priority_based' })).toBe('lane on one, hot');
  });

  test('another lora on the same checkpoint is no switch', () => {
    const table = new BoardTable([createFacts('one'), createFacts('two')]);
    table.end('two', table.send('two', A));
    const withLora = [...A.models, { folder: 'loras', name: 'style.safetensors' }];
    table.wait('lane', { ...A, models: withLora });

    expect(table.step()).toBe('lane on two, hot');
  });

  test('a slot is kept for a later task of the same rank whose models are loaded there', () => {
    const table = new BoardTable([createFacts('one')]);
    table.end('one', table.send('one', A));
    table.wait('cold', B);
    table.wait('hot', A);

    expect([table.step(), table.step()]).toEqual(['hot on one, hot', 'none']);
    expect(refusals(table, 'cold')).toEqual({ one: { reason: 'cold' } });
  });

  test('TQ3 no task overtakes one of higher rank, loaded models or not', () => {
    const table = new BoardTable([createFacts('one')]);
    const running = table.send('one', A);
    table.wait('urgent', B, { rank: 6 });
    table.wait('hot', A);
    expect(table.step()).toBe('none');

    table.end('one', running);
    expect([table.step(), table.step()]).toEqual(['urgent on one, switch', 'none']);
  });

  test('a switch waits for an idle worker, or for a task of lower rank that would take the slot', () => {
    const table = new BoardTable([createFacts('one')]);
    const running = table.send('one', A);
    table.wait('cold', B);
    expect(table.step()).toBe('none');

    table.end('one', running);
    expect(table.step()).toBe('cold on one, switch');
  });

  test('a task passed over as often as it may be takes the next slot, and then the count starts over', () => {
    const table = new BoardTable([createFacts('one')]);
    const bypass = { starts: 2, ms: 60_000 };
    table.send('one', A);
    table.wait('cold', B);
    const starts: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      table.wait('hot', A);
      starts.push(table.step({ bypass }));
      const worker = table.board.workers.get('one' as never);
      for (const prompt of [...(worker?.prompts.values() ?? [])].slice(0, 1)) table.end('one', prompt.taskId);
    }

    expect(starts).toEqual(['hot on one, hot', 'hot on one, hot', 'cold on one, overdue']);
    expect(table.board.findLane('cold')?.overtaken).toBe(0);
  });

  test('a task passed over as long as it may be takes the next slot', () => {
    const table = new BoardTable([createFacts('one')]);
    table.send('one', A);
    table.wait('cold', B);
    table.wait('hot', A);
    expect(table.step()).toBe('hot on one, hot');
    table.end('one', [...(table.board.workers.get('one' as never)?.prompts.keys() ?? [])][0] as never);
    table.wait('hot', A);
    table.nowMs = 60_000;

    expect(table.step()).toBe('cold on one, overdue');
  });

  test('a worker with nothing loaded is switched before one whose models are the last of their kind', () => {
    const table = new BoardTable([createFacts('a'), createFacts('b'), createFacts('c')]);
    for (const name of ['a', 'b'] as const) table.end(name, table.send(name, name === 'a' ? A : B));
    table.wait('lane', withModel('c'));

    expect(table.step()).toBe('lane on c, switch');
  });

  test('a worker that had the models before its present ones is switched back first', () => {
    const table = new BoardTable([createFacts('a'), createFacts('b'), createFacts('fresh')]);
    for (const needs of [B, A]) table.end('a', table.send('a', needs));
    table.end('b', table.send('b', A));
    table.wait('lane', B);

    expect(table.step()).toBe('lane on a, switch');
  });

  test('an idle worker loads the models when that is done sooner than the work of the hot one', () => {
    const table = new BoardTable([createFacts('hot'), createFacts('idle')]);
    table.send('hot', A);
    table.wait('lane', A);
    const durations = { expectedMs: () => 10_000, expectedLoadMs: () => 1000 };

    expect(table.step({ durations })).toBe('lane on idle, switch');
  });

  test('a task that waits for the worker with its models keeps the others free for tasks of lower rank', () => {
    const table = new BoardTable([createFacts('hot', { slots: 1 }), createFacts('idle')]);
    table.send('hot', A);
    const durations = { expectedMs: () => 1000, expectedLoadMs: () => 20_000 };
    table.wait('urgent', A, { rank: 9 });
    table.wait('ordinary', NEEDS);

    expect(table.step({ durations })).toBe('ordinary on idle, hot');
  });

  test('where a load takes longer than what the hot worker has to do, the task waits there', () => {
    const table = new BoardTable([createFacts('hot', { slots: 1 }), createFacts('idle')]);
    const running = table.send('hot', A);
    const durations = { expectedMs: () => 1000, expectedLoadMs: () => 20_000 };
    table.wait('lane', A);
    expect(table.step({ durations })).toBe('none');

    table.end('hot', running);
    expect(table.step({ durations })).toBe('lane on hot, hot');
  });

  test('a lane with much to do gets a second worker however long the load', () => {
    const table = new BoardTable([createFacts('hot', { slots: 1 }), createFacts('idle')]);
    table.send('hot', A);
    table.wait('lane', A);
    const durations = { expectedMs: () => 1000, expectedLoadMs: () => 20_000 };

    expect(table.step({ durations, laneSize: () => 80 })).toBe('none');
    expect(table.step({ durations, laneSize: () => 170 })).toBe('lane on idle, switch');
  });
});

describe('preempting what only waits on a worker', () => {
  test('a prompt of lower rank makes room for a task of higher rank', () => {
    const table = new BoardTable([createFacts('one')]);
    table.send('one', NEEDS);
    const prefetched = table.send('one', NEEDS, { phase: 'waiting', rank: 4 });
    table.wait('urgent', NEEDS, { rank: 5 });

    expect(table.decide()).toMatchObject({ kind: 'preempt', prompt: { taskId: prefetched } });
  });

  test('a prompt of an older task stays when only its wait raised the younger one above it', () => {
    const table = new BoardTable([createFacts('one')]);
    table.send('one', NEEDS);
    table.send('one', NEEDS, { phase: 'waiting', rank: 5 });
    table.wait('younger', NEEDS, { priority: 5, rank: 6 });
    expect(table.step()).toBe('none');

    table.wait('urgent', NEEDS, { priority: 6, rank: 6 });
    expect(table.decide()).toMatchObject({ kind: 'preempt', head: { lane: 'urgent' } });
  });

  test('of several prompts of lower rank one makes room where the models are loaded then', () => {
    const table = new BoardTable([createFacts('cold'), createFacts('hot')]);
    for (const [name, needs] of [
      ['cold', A],
      ['hot', B],
    ] as const) {
      table.send(name, needs);
      table.send(name, A, { phase: 'waiting', rank: 4 });
    }
    table.wait('urgent', B, { rank: 5 });

    expect(table.decide()).toMatchObject({ kind: 'preempt', worker: { facts: { name: 'hot' } } });
  });

  test('nothing that runs, is on its way, or belongs to a task of the same order is preempted', () => {
    const table = new BoardTable([createFacts('one')]);
    table.send('one', NEEDS, { rank: 1 });
    table.send('one', NEEDS, { phase: 'waiting', rank: 5 });
    table.wait('same', NEEDS);

    expect(table.step()).toBe('none');
  });

  test('TQ19 within a rank a client that has two fewer prompts on workers gets the slot, one with one fewer does not', () => {
    const table = new BoardTable([createFacts('one'), createFacts('two', { slots: 1 })]);
    table.send('one', NEEDS, { ownerId: named('batch') });
    table.send('one', NEEDS, { ownerId: named('batch'), phase: 'waiting' });
    table.send('two', NEEDS, { ownerId: named('single') });
    table.wait('next', NEEDS, { ownerId: named('single') });
    expect(table.step()).toBe('none');

    table.wait('next', NEEDS, { ownerId: named('another') });
    expect(table.decide()).toMatchObject({ kind: 'preempt', prompt: { ownerId: 'batch' } });
  });

  test('nothing is preempted for a task of the same rank behind it in its own lane', () => {
    const table = new BoardTable([createFacts('one')]);
    table.send('one', NEEDS, { ownerId: named('batch'), lane: 'lane' });
    table.send('one', NEEDS, { ownerId: named('batch'), lane: 'lane', phase: 'waiting' });
    table.wait('lane', NEEDS, { ownerId: named('another') });

    expect(table.step()).toBe('none');
  });

  test('within a rank nothing is preempted for a task that would have to load its models there', () => {
    const table = new BoardTable([createFacts('one')]);
    table.send('one', A, { ownerId: named('batch') });
    table.send('one', A, { ownerId: named('batch'), phase: 'waiting' });
    table.wait('cold', B, { ownerId: named('single') });

    expect(table.step()).toBe('none');
  });
});
