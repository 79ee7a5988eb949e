import { describe, expect, test } from 'vitest';
import { readObjectInfo, readTemplates } from '../packages/comfyui/test/templates/template-data.ts';
import { toWorkerKind } from '../packages/server/src/fleet/workers/inventory/worker-kind.ts';
import { readNeeds } from '../packages/server/src/flow/placement/read-needs.ts';
import { resolveNeeds } from '../packages/server/src/flow/placement/resolve-needs.ts';

const templates = readTemplates();
const objectInfo = readObjectInfo();

/** The GET /models of the recorded server: the models of all templates, each also in a folder `sub`. */
function listModels(): Map<string, Set<string>> {
  const listing = new Map<string, Set<string>>();
  for (const { models } of templates.values()) {
    for (const { folder, name } of models) {
      const names = listing.get(folder) ?? new Set();
      listing.set(folder, names.add(name).add(`sub/${name}`));
    }
  }
  return listing;
}

const worker = toWorkerKind({
  objectInfo,
  classTypes: new Set(Object.keys(objectInfo)),
  models: listModels(),
});

describe('what official templates need of a worker', () => {
  test.each([...templates])('%s: the model files that its author names, and no others', (_name, template) => {
    const asked = readNeeds(template.api, [worker], () => false);
    const { needs, kinds } = resolveNeeds(
      { ...asked, taskType: 'graph', excludedWorkers: [], inputBytes: 0, inputs: [] },
      [worker],
    );
    const toText = ({ folder, name }: { folder: string | null; name: string }) => `${folder}/${name}`;
    expect(needs.models.map(toText).sort()).toEqual(template.models.map(toText).sort());
    expect(kinds).toEqual([worker.id]);
  });
});
