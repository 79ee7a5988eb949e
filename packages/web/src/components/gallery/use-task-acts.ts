import type { Decision, Task } from '@comfleet/contract';
import { toFailure } from '../../api/api.ts';
import { useWords } from '../../i18n/use-words.ts';
import type { GalleryGroup } from '../../model/gallery-groups.ts';
import { useDraft } from '../../stores/draft.ts';
import { useTasks } from '../../stores/tasks.ts';
import { useWorkflows } from '../../stores/workflows.ts';
import { useNotices } from '../use-notices.ts';

/** What a user can do with a task; failures are shown, nothing is thrown. */
export function useTaskActs() {
  const tasks = useTasks();
  const notices = useNotices();
  const draft = useDraft();
  const workflows = useWorkflows();
  const { t, sayFailure } = useWords();

  async function say(act: () => Promise<unknown>, done: string | null): Promise<void> {
    try {
      await act();
      if (done !== null) notices.say('good', done);
    } catch (error) {
      notices.say('bad', sayFailure(toFailure(error)));
    }
  }

  const cancel = (task: Task) => say(() => tasks.cancel(task.task_id), null);
  const rerun = (task: Task) => say(() => tasks.retry(task.task_id), t('act.rerunDone'));

  const decide = (task: Task, decision: Decision) => say(() => tasks.decide(task.task_id, decision), null);

  async function cancelGroup(group: GalleryGroup): Promise<void> {
    const { batchId } = group;
    if (batchId !== null) await say(() => tasks.cancelBatch(batchId), null);
    else for (const task of group.tasks) await cancel(task);
  }

  /** Runs everything of a group again, in its order. */
  async function rerunGroup(group: GalleryGroup): Promise<void> {
    const again = async () => {
      for (const task of group.tasks) await tasks.retry(task.task_id);
    };
    await say(again, t('act.rerunDone'));
  }

  /** Puts a task's values into the form; false when its workflow is gone. */
  function reuse(task: Task): boolean {
    const workflow = workflows.find(task.workflow_name);
    if (workflow === null) return false;
    draft.applyTask(task, workflow);
    return true;
  }

  async function copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      notices.say('good', t('act.copied'));
    } catch {
      // Browsers allow it on secure pages and after a gesture only; say so.
      notices.say('bad', t('act.notCopied'));
    }
  }

  return { cancel, rerun, decide, cancelGroup, rerunGroup, reuse, copy };
}
