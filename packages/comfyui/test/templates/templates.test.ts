import { describe, expect, it } from 'vitest';
import { mutationKinds } from './mutation-kinds.ts';
import { MUTATIONS_PER_KIND, makeMutations } from './mutations.ts';
import { readObjectInfo, readRecording, readTemplates } from './template-data.ts';

const templates = readTemplates();
const objectInfo = readObjectInfo();
const recording = readRecording();
const mutations = makeMutations({ templates, objectInfo });

describe('the recorded verdicts', () => {
  it('are about the very mutations that the seeds give today', () => {
    const made = mutations.map(({ kind, seed, template, digest }) => ({ kind, seed, template, digest }));
    expect(made).toEqual(recording.mutations.map(({ verdict: _verdict, ...mutation }) => mutation));
  });

  it('hold every kind of mutation sixty times', () => {
    const counts = Object.keys(mutationKinds).map(
      (kind) => mutations.filter((mutation) => mutation.kind === kind).length,
    );
    expect(new Set(counts)).toEqual(new Set([MUTATIONS_PER_KIND]));
  });

  it('take every template as it is', () => {
    const refused = Object.entries(recording.templates).filter(
      ([, verdict]) => !verdict.isAccepted || verdict.problems.length > 0,
    );
    expect(refused).toEqual([]);
    expect(Object.keys(recording.templates)).toEqual([...templates.keys()]);
  });
});
