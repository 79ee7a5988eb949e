import type { Task } from '@comfleet/contract';
import { useWords } from '../../i18n/use-words.ts';
import { isEnded } from '../../model/task-state.ts';
import { useObstacles } from '../../stores/obstacles.ts';
import { useToday } from '../../stores/today.ts';

/** Where a task is, in words. */
export function useTaskWords() {
  const { t, sayDuration, sayFailure, sayMoment, saySent, sayTexts } = useWords();
  const obstacles = useObstacles();
  const today = useToday();

  function sayState(task: Task): string {
    if (task.cancel_requested_at !== null && (task.status === 'running' || task.status === 'queued')) {
      return t('state.canceling');
    }
    if (task.status === 'held' && task.held_reason !== null) return t(`waiting.${task.held_reason}`);
    if (task.status === 'queued')
      return obstacles.obstacles.has(task.task_id) ? t('waiting.no_worker_known') : sayPosition(task);
    if (task.status === 'running') return sayRunning(task);
    return t(`state.${task.status}`);
  }

  function sayPosition(task: Task): string {
    if (task.queue_position === null) return t('state.queued');
    return task.queue_position === 0 ? t('state.next') : t('state.ahead', { n: task.queue_position });
  }

  function sayRunning(task: Task): string {
    const { progress } = task;
    if (progress === null) return t('state.sent');
    if (!progress.available) return t('state.noProgress');
    return progress.current_node_class ?? t('state.running');
  }

  /** The step of the node that runs, or how many nodes are done. */
  function sayStep(task: Task): string | null {
    const { progress } = task;
    if (progress === null || !progress.available) return null;
    if (progress.step !== null && progress.steps !== null && progress.steps > 1) {
      return t('progress.step', { step: progress.step, steps: progress.steps });
    }
    if (progress.nodes_total === 0) return null;
    const nodes = t('progress.nodes', { done: progress.nodes_done, total: progress.nodes_total });
    return progress.nodes_cached > 0
      ? `${nodes} · ${t('progress.cached', { n: progress.nodes_cached })}`
      : nodes;
  }

  /** About how long it still takes; null until the server has measured. */
  function sayRemaining(task: Task): string | null {
    return task.estimated_time === null
      ? null
      : t('state.remaining', { time: sayDuration(task.estimated_time) });
  }

  /** What keeps an open task from going on, since when, and what to do; null while only its turn is missing. */
  function sayObstacle(task: Task): string | null {
    const obstacle = obstacles.obstacles.get(task.task_id);
    if (obstacle === undefined || isEnded(task.status)) return null;
    const what = sayTexts(obstacle.texts);
    return obstacle.since === null
      ? what
      : t('state.since', { time: sayMoment(obstacle.since, today.date), what });
  }

  function sayError(task: Task): string {
    return task.error === null ? saySent(task.message_text, task.message) : sayFailure(task.error);
  }

  return { sayState, sayStep, sayRemaining, sayObstacle, sayError };
}
