import { readRequirements } from '@comfleet/comfyui';
import type { Workflow } from '@comfleet/contract';
import type { WorkerSnapshot } from '../../../fleet/workers/registry.ts';
import { findMissing, type Missing } from '../../placement/needs.ts';
import type { WorkflowDefinition } from '../../workflows/workflow-definition.ts';
import { toWorkflowView } from '../../workflows/workflow-view.ts';

/** A workflow as pages see it: with whether a known worker can run it, and what is missing where none can. */
export function viewWorkflow(workflow: WorkflowDefinition, fleet: readonly WorkerSnapshot[]): Workflow {
  const { classTypes, models } = readRequirements(workflow.graph);
  const needs = { taskType: workflow.taskType, classTypes, models, excludedWorkers: [] };
  const missing = new Set<string>();
  let available = false;
  for (const worker of fleet) {
    if (!worker.inventory) continue;
    const { classTypes: known, models: files, maxUploadBytes, vramTotal: vramBytes } = worker.inventory;
    const capabilities = { ...worker, classTypes: known, models: files, maxUploadBytes, vramBytes };
    const refusal = findMissing(capabilities, needs);
    if (!refusal) available = true;
    else missing.add(describe(refusal));
  }
  return toWorkflowView(workflow, { available, missing: available ? [] : [...missing] });
}

function describe(refusal: Missing): string {
  return 'missing' in refusal ? refusal.missing : refusal.reason;
}
