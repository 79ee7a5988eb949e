import { createHash } from 'node:crypto';
import type { Graph } from '../../src/graphs/graph.ts';
import type { ObjectInfo } from '../../src/graphs/object-info.ts';
import { mutationKinds } from './mutation-kinds.ts';
import { openScene } from './scene.ts';
import { Seeded } from './seeded.ts';
import type { Template } from './template-data.ts';

/** Maximum number of different mutations per kind. */
export const MUTATIONS_PER_KIND = 60;

/** A template with one change. */
export interface Mutation {
  kind: string;
  seed: number;
  template: string;
  graph: Graph;
  /** Identifies the graph that a recorded verdict is about. */
  digest: string;
}

/** What mutations are made of. */
export interface MutationSource {
  templates: ReadonlyMap<string, Template>;
  objectInfo: ObjectInfo;
}

/** The mutations of all kinds, the same on every machine; fewer for a kind that fits few places in the templates. */
export function makeMutations(source: MutationSource): Mutation[] {
  const models = listModelNames(source.templates);
  return Object.keys(mutationKinds).flatMap((kind) => {
    const made = new Map<string, Mutation>();
    for (let seed = 1; seed <= MUTATIONS_PER_KIND * 5 && made.size < MUTATIONS_PER_KIND; seed += 1) {
      const mutation = makeMutation({ ...source, models }, kind, seed);
      if (mutation !== null && !made.has(mutation.digest)) made.set(mutation.digest, mutation);
    }
    return [...made.values()];
  });
}

/** Models as the server lists them: at the top of their folder. */
function listModelNames(templates: ReadonlyMap<string, Template>): Set<string> {
  return new Set([...templates.values()].flatMap(({ models }) => models.map((model) => model.name)));
}

function makeMutation(
  { templates, objectInfo, models }: MutationSource & { models: Set<string> },
  kind: string,
  seed: number,
): Mutation | null {
  const mutate = mutationKinds[kind];
  const seeded = new Seeded(hash(`${kind} ${seed}`));
  for (const [template, { api }] of seeded.shuffle([...templates])) {
    const scene = openScene({ graph: api, objectInfo, seeded, models });
    if (mutate?.(scene) !== true) continue;
    const digest = createHash('sha256').update(JSON.stringify(scene.graph)).digest('hex').slice(0, 8);
    return { kind, seed, template, graph: scene.graph, digest };
  }
  return null;
}

function hash(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32LE();
}
