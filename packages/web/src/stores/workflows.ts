import type { Workflow } from '@comfleet/contract';
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { type Api, type ApiFailure, toFailure } from '../api/api.ts';

/** Task types in the order the page offers them; others follow by name. */
const TYPE_ORDER = ['text_to_image', 'text_to_image_sdxl', 'image_to_video'];

export interface WorkflowType {
  taskType: string;
  workflows: Workflow[];
}

/** The workflows this server offers. */
export const useWorkflows = defineStore('workflows', () => {
  const workflows = shallowRef<Workflow[] | null>(null);
  const failure = shallowRef<ApiFailure | null>(null);
  const loading = ref(false);

  const types = computed<WorkflowType[]>(() => {
    const byType = new Map<string, Workflow[]>();
    for (const workflow of workflows.value ?? []) {
      if (!workflow.enabled) continue;
      byType.set(workflow.task_type, [...(byType.get(workflow.task_type) ?? []), workflow]);
    }
    return [...byType]
      .map(([taskType, members]) => ({ taskType, workflows: members }))
      .sort((a, b) => rankOf(a.taskType) - rankOf(b.taskType));
  });

  /** The one to begin with: the first that can run, a type's default before the others. */
  const first = computed<Workflow | null>(() => {
    const all = types.value.flatMap((type) => type.workflows);
    const runnable = all.filter((workflow) => workflow.available);
    return runnable.find((workflow) => workflow.is_default) ?? runnable[0] ?? all[0] ?? null;
  });

  function find(name: string | null): Workflow | null {
    return workflows.value?.find((workflow) => workflow.name === name) ?? null;
  }

  /** Loads or refreshes the list; what was known stays on a failure. */
  async function load(api: Api): Promise<void> {
    loading.value = true;
    try {
      workflows.value = await api.listWorkflows();
      failure.value = null;
    } catch (error) {
      failure.value = toFailure(error);
    } finally {
      loading.value = false;
    }
  }

  return { workflows, types, first, failure, loading, find, load };
});

function rankOf(taskType: string): number {
  const rank = TYPE_ORDER.indexOf(taskType);
  return rank === -1 ? TYPE_ORDER.length : rank;
}
