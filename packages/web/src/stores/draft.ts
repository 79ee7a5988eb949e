import type { Task, Workflow } from '@comfleet/contract';
import { defineStore } from 'pinia';
import { computed, reactive, ref, shallowRef, watch } from 'vue';
import { type Api, type ApiFailure, toFailure } from '../api/api.ts';
import {
  type DraftValues,
  findProblems,
  initialValues,
  isChosenImage,
  toSeedText,
  toSubmission,
} from '../model/draft-values.ts';

const STORE_KEY = 'comfleet.draft';
export const MOST_PICTURES = 16;
const USUAL_PRIORITY = 5;

interface Kept {
  workflowName: string | null;
  values: Record<string, DraftValues>;
  priority: number;
  count: number;
}

/** What the person is about to make: the form of each workflow, kept for this tab. */
export const useDraft = defineStore('draft', () => {
  const workflow = shallowRef<Workflow | null>(null);
  const forms = reactive<Record<string, DraftValues>>({});
  const priority = ref(USUAL_PRIORITY);
  const count = ref(1);
  const submitting = ref(false);
  const failure = shallowRef<ApiFailure | null>(null);
  /** Chosen by the person, in this tab: the page does not change it by itself. */
  const settled = ref(false);
  let keptName: string | null = null;
  let storage: Storage | null = null;

  const values = computed<DraftValues>(() =>
    workflow.value === null ? {} : (forms[workflow.value.name] ?? {}),
  );
  const problems = computed(() =>
    workflow.value === null ? [] : findProblems(workflow.value, values.value),
  );

  /** Takes up what this tab had, and keeps it from now on. */
  function connect(toStorage: Storage): void {
    storage = toStorage;
    const kept = readKept(toStorage.getItem(STORE_KEY));
    if (kept !== null) {
      keptName = kept.workflowName;
      settled.value = keptName !== null;
      Object.assign(forms, kept.values);
      priority.value = kept.priority;
      count.value = kept.count;
    }
    watch([forms, priority, count, workflow], keep, { deep: true });
  }

  function keep(): void {
    const kept: Kept = {
      workflowName: settled.value ? (workflow.value?.name ?? keptName) : null,
      values: withRemoteImages(forms),
      priority: priority.value,
      count: count.value,
    };
    storage?.setItem(STORE_KEY, JSON.stringify(kept));
  }

  /** Empties every form, also what this tab keeps of them. */
  function forget(): void {
    for (const name of Object.keys(forms)) delete forms[name];
    workflow.value = null;
    keptName = null;
    settled.value = false;
    priority.value = USUAL_PRIORITY;
    count.value = 1;
    failure.value = null;
    keep();
  }

  /** The workflow to show when the list arrived: the person's own choice, else the list's first. */
  function settleOn(find: (name: string | null) => Workflow | null, first: Workflow | null): void {
    const own = settled.value ? find(workflow.value?.name ?? keptName) : null;
    const chosen = own ?? first;
    if (chosen !== null) show(chosen);
  }

  /** The person's choice of a workflow. */
  function choose(chosen: Workflow): void {
    settled.value = true;
    show(chosen);
  }

  /** Shows a workflow's form; fields it did not have before start with its defaults. */
  function show(chosen: Workflow): void {
    const carried = workflow.value === null ? {} : carryText(values.value, chosen);
    forms[chosen.name] = { ...initialValues(chosen), ...keepOffered(chosen, forms[chosen.name]), ...carried };
    workflow.value = chosen;
    failure.value = null;
  }

  function setValue(name: string, value: unknown): void {
    if (workflow.value === null) return;
    const form = forms[workflow.value.name];
    if (form !== undefined) form[name] = value;
  }

  function applyPreset(preset: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(preset)) setValue(name, value);
  }

  /** Fills the form with what a task ran with; pictures must be chosen again. */
  function applyTask(task: Task, chosen: Workflow): void {
    choose(chosen);
    for (const parameter of chosen.parameters) {
      const isSeed = parameter.data_type === 'seed';
      const value = isSeed ? (task.seed ?? undefined) : task.parameters[parameter.name];
      if (parameter.derived || value === undefined || parameter.data_type === 'image') continue;
      setValue(parameter.name, isSeed ? toSeedText(value) : value);
    }
    priority.value = task.priority;
  }

  /** Sends the draft. True when the server accepted it. */
  async function submit(api: Api, idempotencyKey: string): Promise<boolean> {
    if (workflow.value === null || submitting.value || problems.value.length > 0) return false;
    submitting.value = true;
    failure.value = null;
    try {
      const submission = toSubmission({
        workflow: workflow.value,
        values: values.value,
        priority: priority.value,
        count: count.value,
      });
      if (submission.kind === 'task') await api.submitTask(submission.body, idempotencyKey);
      else await api.submitBatch(submission.body, idempotencyKey);
      return true;
    } catch (error) {
      failure.value = toFailure(error);
      return false;
    } finally {
      submitting.value = false;
    }
  }

  return {
    workflow,
    values,
    problems,
    priority,
    count,
    submitting,
    failure,
    connect,
    forget,
    settleOn,
    choose,
    setValue,
    applyPreset,
    applyTask,
    submit,
  };
});

/** What a form had, without models that are gone: their defaults stand again. */
function keepOffered(workflow: Workflow, form: DraftValues = {}): DraftValues {
  const gone = workflow.parameters.filter(
    ({ name, names_model: isModel, options }) =>
      isModel === true && !options?.some((option) => option === form[name]),
  );
  const names = new Set(gone.map(({ name }) => name));
  return Object.fromEntries(Object.entries(form).filter(([name]) => !names.has(name)));
}

/** What the person wrote goes along to a workflow that asks for the same. */
function carryText(from: DraftValues, to: Workflow): DraftValues {
  const carried: DraftValues = {};
  for (const name of ['prompt', 'negative_prompt']) {
    const value = from[name];
    const asked = to.parameters.some((parameter) => parameter.name === name);
    if (asked && typeof value === 'string' && value !== '') carried[name] = value;
  }
  return carried;
}

/** A picture shown from this tab's memory comes from the server after a reload. */
function withRemoteImages(forms: Record<string, DraftValues>): Record<string, DraftValues> {
  const kept: Record<string, DraftValues> = {};
  for (const [name, form] of Object.entries(forms)) {
    const entries = Object.entries(form).map(([field, value]) => [
      field,
      isChosenImage(value) ? { ...value, url: value.remoteUrl } : value,
    ]);
    kept[name] = Object.fromEntries(entries);
  }
  return kept;
}

function readKept(text: string | null): Kept | null {
  if (text === null) return null;
  try {
    const kept: unknown = JSON.parse(text);
    return isKept(kept) ? kept : null;
  } catch {
    // Written by another version or by hand: the form starts empty.
    return null;
  }
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  const { priority, count, values } = value as Record<string, unknown>;
  return (
    typeof priority === 'number' && typeof count === 'number' && typeof values === 'object' && values !== null
  );
}
