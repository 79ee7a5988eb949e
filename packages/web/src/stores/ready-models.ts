import type { Text, Validation, Workflow } from '@comfleet/contract';
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { Api } from '../api/api.ts';
import { readModelValues } from '../model/draft-values.ts';
import { useDraft } from './draft.ts';

/** What is missing on every worker with the models that the form names now. */
export const useReadyModels = defineStore('ready-models', () => {
  const draft = useDraft();
  const judged = shallowRef<{ key: string; missing: readonly Text[] } | null>(null);

  const values = computed(() =>
    draft.workflow === null ? {} : readModelValues(draft.workflow, draft.values),
  );
  const key = computed(() => JSON.stringify([draft.workflow?.name, values.value]));

  /** Empty while the server has not said it. With the workflow's own models the list of workflows says it. */
  const missing = computed<readonly Text[]>(() => {
    const { workflow } = draft;
    if (workflow === null) return [];
    if (namesOwn(workflow)) return workflow.available ? [] : readMissing(workflow);
    return judged.value?.key === key.value ? judged.value.missing : [];
  });

  function namesOwn(workflow: Workflow): boolean {
    return workflow.parameters.every(
      ({ name, names_model: isModel, default_value: own }) =>
        isModel !== true || values.value[name] === (own ?? undefined),
    );
  }

  /** Asks the server where the list does not say it. A failure leaves the question open: the submission will tell. */
  async function judge(api: Api): Promise<void> {
    const { workflow } = draft;
    if (workflow === null || namesOwn(workflow)) return;
    const asked = key.value;
    try {
      const answer = await api.judgeWorkflow(workflow.name, values.value);
      judged.value = { key: asked, missing: readMissing(answer) };
    } catch {
      judged.value = null;
    }
  }

  return { key, missing, judge };
});

/** What is missing; servers before 0.2 send names only. */
export function readMissing({
  missing = [],
  missing_texts: texts,
}: Pick<Workflow | Validation, 'missing' | 'missing_texts'>): readonly Text[] {
  return texts ?? missing.map((words) => ({ code: 'failure.said', params: { words } }));
}
