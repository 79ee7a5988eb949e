import { describe, expect, it } from 'vitest';
import { agree, type Compared, failsWrongly, isKiller, runs, validateOurselves } from './agreement.ts';
import { mutationKinds } from './mutation-kinds.ts';
import { MUTATIONS_PER_KIND, makeMutations } from './mutations.ts';
import { readObjectInfo, readRecording, readTemplates } from './template-data.ts';

const templates = readTemplates();
const objectInfo = readObjectInfo();
const recording = readRecording();
const mutations = makeMutations({ templates, objectInfo });

/** Sent differently from how it was written: with the slashes that the worker uses. */
const RESPELLED = 'model in a folder, as Windows writes it';

const compared = mutations.map((mutation, index): Compared => {
  const recorded = recording.mutations[index];
  if (recorded === undefined) throw new Error(`nothing recorded of ${mutation.kind} ${mutation.seed}`);
  return { mutation, real: recorded.verdict, ours: validateOurselves(mutation.graph, objectInfo) };
});

function nameOf({ mutation: { kind, template, seed }, ours }: Compared): string {
  return `${kind} ${seed} of ${template}: ${JSON.stringify(ours.problems)}`;
}

describe('the recorded verdicts', () => {
  it('are about exactly the mutations that the seeds produce', () => {
    const made = mutations.map(({ kind, seed, template, digest }) => ({ kind, seed, template, digest }));
    expect(made).toEqual(recording.mutations.map(({ verdict: _verdict, ...mutation }) => mutation));
  });

  it('contain every kind of mutation sixty times', () => {
    const counts = Object.keys(mutationKinds).map(
      (kind) => mutations.filter((mutation) => mutation.kind === kind).length,
    );
    expect(new Set(counts)).toEqual(new Set([MUTATIONS_PER_KIND]));
  });

  it('accept every template unchanged', () => {
    const taken = { isAccepted: true, problems: [] };
    expect(Object.values(recording.templates)).toEqual([...templates].map(() => taken));
  });
});

describe('100 official templates', () => {
  it('are never refused by us, and get a warning in two cases at most', () => {
    const warned = [...templates].filter(
      ([, { api }]) => validateOurselves(api, objectInfo).problems.length > 0,
    );
    const refused = warned.filter(([, { api }]) => validateOurselves(api, objectInfo).refused);
    expect(refused.map(([name]) => name)).toEqual([]);
    expect(warned.length).toBeLessThanOrEqual(2);
  });
});

describe('2,220 mutations of them', () => {
  it('are never refused where the real server runs the graph or a part of it', () => {
    expect(compared.filter((one) => one.ours.refused && runs(one)).map(nameOf)).toEqual([]);
  });

  it('are always refused where the graph would kill the worker', () => {
    const killers = compared.filter(isKiller);
    expect(killers.length).toBeGreaterThan(100);
    expect(killers.filter(({ ours }) => !ours.refused).map(nameOf)).toEqual([]);
  });

  it('are predicted to fail only where the node cannot be called', () => {
    expect(compared.filter(failsWrongly).map(nameOf)).toEqual([]);
  });

  it('get the verdict of the real server in 95 of 100 cases', () => {
    const checked = compared.filter((one) => !isKiller(one) && one.mutation.kind !== RESPELLED);
    const others = checked.filter((one) => !agree(one));
    const kinds = others.map(({ mutation: { kind } }) => kind).join(', ');
    expect(1 - others.length / checked.length, kinds).toBeGreaterThanOrEqual(0.95);
  });
});
