import type { Decision, Preview, StreamFrame, Task } from '@comfleet/contract';
import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, shallowRef } from 'vue';
import { type Api, type ApiFailure, type LiveState, toFailure } from '../api/api.ts';
import { groupTasks } from '../model/gallery-groups.ts';
import { isEnded, isWaiting, mergeTask, nextTask } from '../model/task-state.ts';

const PAGE_SIZE = 60;

/** The caller's own tasks: the server's list, kept current by the live socket. */
export const useTasks = defineStore('tasks', () => {
  const tasks = shallowReactive(new Map<string, Task>());
  const previews = shallowReactive(new Map<string, Preview>());
  const failure = shallowRef<ApiFailure | null>(null);
  const listed = ref(false);
  const loadingOlder = ref(false);
  const cursor = ref<string | null>(null);
  const live = ref<LiveState>('connecting');
  /** Milliseconds since the epoch of the last word from the server; null before the first. */
  const heardAt = ref<number | null>(null);
  let api: Api | null = null;
  let stopWatching: (() => void) | null = null;
  let positions: Promise<void> | null = null;

  const groups = computed(() => groupTasks(tasks.values()));
  const openCount = computed(() => [...tasks.values()].filter((task) => !isEnded(task.status)).length);
  const isEmpty = computed(() => listed.value && tasks.size === 0);

  /** Lists the newest tasks and follows all of them; a second call starts over. */
  async function follow(withApi: Api, nowMs: () => number): Promise<void> {
    stop();
    api = withApi;
    stopWatching = withApi.watchOwn({
      frame: (frame) => {
        heardAt.value = nowMs();
        take(frame);
      },
      state: (state) => {
        const back = state === 'live' && live.value === 'lost';
        live.value = state;
        // Whatever happened while the socket was away is in the list.
        if (back) void loadNewest();
      },
      refused: (refusal) => {
        failure.value = refusal;
      },
    });
    await loadNewest();
    heardAt.value ??= nowMs();
  }

  function stop(): void {
    stopWatching?.();
    stopWatching = null;
    api = null;
    live.value = 'connecting';
  }

  /** Forgets everything of the person who signed out. */
  function clear(): void {
    stop();
    tasks.clear();
    previews.clear();
    listed.value = false;
    failure.value = null;
    cursor.value = null;
    heardAt.value = null;
  }

  async function loadNewest(): Promise<void> {
    if (api === null) return;
    try {
      const page = await api.listTasks({ limit: PAGE_SIZE });
      for (const task of page.tasks) put(task);
      if (!listed.value) cursor.value = page.next_cursor;
      listed.value = true;
      failure.value = null;
    } catch (error) {
      failure.value = toFailure(error);
    }
  }

  async function loadOlder(): Promise<void> {
    if (api === null || cursor.value === null || loadingOlder.value) return;
    loadingOlder.value = true;
    try {
      const page = await api.listTasks({ limit: PAGE_SIZE, cursor: cursor.value });
      for (const task of page.tasks) put(task);
      cursor.value = page.next_cursor;
    } catch (error) {
      failure.value = toFailure(error);
    } finally {
      loadingOlder.value = false;
    }
  }

  /** Loads one task again, for example for fresh signed links. */
  async function reload(taskId: string): Promise<void> {
    if (api === null) return;
    try {
      const task = await api.loadTask(taskId);
      tasks.set(taskId, task);
    } catch (error) {
      failure.value = toFailure(error);
    }
  }

  function take(frame: StreamFrame): void {
    if (frame.kind === 'preview') {
      // A last preview may arrive after the end.
      if (tasks.get(frame.task_id)?.status === 'running') previews.set(frame.task_id, frame.preview);
      return;
    }
    const taskId = frame.kind === 'progress' || frame.kind === 'event' ? toTaskId(frame) : frame.task.task_id;
    const before = tasks.get(taskId);
    const outcome = nextTask(before, frame);
    if (outcome.kind === 'load') void reload(outcome.taskId);
    if (outcome.kind !== 'task') return;
    put(outcome.task);
    if (before?.status !== outcome.task.status) refreshPositions();
  }

  function put(task: Task): void {
    const merged = mergeTask(tasks.get(task.task_id), task);
    tasks.set(task.task_id, merged);
    if (isEnded(merged.status)) previews.delete(task.task_id);
  }

  /** One task moved on, so those behind it moved up: asks for the waiting ones, one request at a time. */
  function refreshPositions(): void {
    const waiting = [...tasks.values()].some((task) => isWaiting(task.status));
    if (!waiting || api === null || positions !== null) return;
    positions = api
      .listTasks({ limit: PAGE_SIZE, status: 'pending' })
      .then((page) => {
        for (const task of page.tasks) put(task);
      })
      .catch((error: unknown) => {
        failure.value = toFailure(error);
      })
      .finally(() => {
        positions = null;
      });
  }

  async function cancel(taskId: string): Promise<void> {
    if (api !== null) put(await api.cancelTask(taskId));
  }

  async function cancelBatch(batchId: string): Promise<void> {
    if (api === null) return;
    await api.cancelBatch(batchId);
    await loadNewest();
  }

  /** A user's decision on a task whose paid nodes may have run. */
  async function decide(taskId: string, decision: Decision): Promise<void> {
    if (api !== null) put(await api.decideTask(taskId, decision));
  }

  /** Runs the task again with all its parameters, as a new task; returns its id. */
  async function retry(taskId: string): Promise<string | null> {
    if (api === null) return null;
    const submitted = await api.retryTask(taskId);
    await reload(submitted.task_id);
    return submitted.task_id;
  }

  return {
    tasks,
    previews,
    groups,
    failure,
    listed,
    isEmpty,
    openCount,
    cursor,
    loadingOlder,
    live,
    heardAt,
    follow,
    stop,
    clear,
    loadNewest,
    loadOlder,
    reload,
    cancel,
    cancelBatch,
    decide,
    retry,
  };
});

function toTaskId(frame: Extract<StreamFrame, { kind: 'progress' | 'event' }>): string {
  return frame.kind === 'progress' ? frame.task_id : frame.event.task_id;
}
