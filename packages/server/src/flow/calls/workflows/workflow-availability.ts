import type { Workflow } from '@comfleet/contract';
import { listKinds, toWorkerKind } from '../../../fleet/workers/inventory/worker-kind.ts';
import type { WorkerSnapshot } from '../../../fleet/workers/registry.ts';
import { judgeNeeds } from '../../placement/judge-needs.ts';
import { findMissing, type Missing } from '../../placement/needs.ts';
import { readNeeds } from '../../placement/read-needs.ts';
import type { WorkflowDefinition } from '../../workflows/workflow-definition.ts';
import { toWorkflowView } from '../../workflows/workflow-view.ts';

/** A workflow as pages see it: with whether a known worker can run it, and what is missing where none can. */
export function viewWorkflow(workflow: WorkflowDefinition, fleet: readonly WorkerSnapshot[]): Workflow {
  const kinds = listKinds(fleet.map(({ inventory }) => inventory));
  const read = readNeeds(workflow.graph, kinds, () => false);
  const { needs } = judgeNeeds({ taskType: workflow.taskType, ...read, excludedWorkers: [] }, kinds);
  const missing = new Set<string>();
  let available = false;
  for (const worker of fleet) {
    if (!worker.inventory) continue;
    const { maxUploadBytes, vramTotal: vramBytes } = worker.inventory;
    const capabilities = { ...worker, ...toWorkerKind(worker.inventory), maxUploadBytes, vramBytes };
    const refusal = findMissing(capabilities, needs);
    if (!refusal) available = true;
    else missing.add(describe(refusal));
  }
  return toWorkflowView(workflow, { available, missing: available ? [] : [...missing] });
}

function describe(refusal: Missing): string {
  return 'missing' in refusal ? refusal.missing : refusal.reason;
}
