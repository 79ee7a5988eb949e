import type { Workflow } from '@comfleet/contract';
import { computed } from 'vue';
import { useWords } from '../../i18n/use-words.ts';
import type { ValueProblem } from '../../model/draft-values.ts';
import { type FormPlan, labelOf, planForm } from '../../model/parameter-control.ts';
import { useDraft } from '../../stores/draft.ts';
import { useReadyModels } from '../../stores/ready-models.ts';
import { useUploads } from '../../stores/uploads.ts';

/** Whether the draft can be sent, and in words why not; also each field's own problem. */
export function useReadiness() {
  const draft = useDraft();
  const uploads = useUploads();
  const ready = useReadyModels();
  const { t, language } = useWords();

  const plan = computed(() => (draft.workflow === null ? null : planForm(draft.workflow)));

  const reason = computed<string | null>(() => {
    const { workflow } = draft;
    if (workflow === null || plan.value === null) return t('generate.wait.workflows');
    const asked = draft.problems.find((problem) => namesModel(problem.parameter));
    if (asked !== undefined) return sayBlocker(workflow, asked);
    if (ready.missing.length > 0) return t('generate.wait.unavailable');
    if (isSending(plan.value)) return t('generate.wait.uploading');
    const problem = draft.problems[0];
    return problem === undefined ? null : sayBlocker(workflow, problem);
  });

  function namesModel(name: string): boolean {
    return plan.value?.chosen.some((parameter) => parameter.name === name) ?? false;
  }

  function isSending(form: FormPlan): boolean {
    return form.images.some((parameter) => uploads.states.get(parameter.name)?.kind === 'sending');
  }

  /** The first problem as something to do. */
  function sayBlocker(workflow: Workflow, problem: ValueProblem): string {
    const parameter = workflow.parameters.find((candidate) => candidate.name === problem.parameter);
    if (problem.key === 'required') {
      if (parameter?.data_type === 'image') return t('generate.wait.image');
      if (problem.parameter === plan.value?.prompt?.name) return t('generate.wait.prompt');
    }
    const field = parameter === undefined ? problem.parameter : labelOf(parameter, language.value);
    return t('generate.wait.field', { field, problem: sayProblem(problem) });
  }

  /** A field's problem in words; an empty required field is said at the button only. */
  function problemOf(name: string): string | null {
    const problem = draft.problems.find((candidate) => candidate.parameter === name);
    if (problem === undefined || problem.key === 'required') return null;
    return sayProblem(problem);
  }

  function sayProblem({ key, limit }: ValueProblem): string {
    switch (key) {
      case 'required':
      case 'notSeed':
      case 'notNumber':
        return t(`problem.${key}`);
      case 'tooSmall':
      case 'tooLarge':
      case 'notMultiple':
      case 'tooLong':
        return t(`problem.${key}`, { limit: limit ?? '' });
    }
  }

  return { plan, reason, problemOf };
}
