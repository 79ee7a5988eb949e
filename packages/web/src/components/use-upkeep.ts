import { onBeforeUnmount, onMounted, watch } from 'vue';
import type { Api } from '../api/api.ts';
import { usePagePlatform } from '../platform/page-platform.ts';
import { useDraft } from '../stores/draft.ts';
import { useObstacles } from '../stores/obstacles.ts';
import { useReadyModels } from '../stores/ready-models.ts';
import { useSession } from '../stores/session.ts';
import { useTasks } from '../stores/tasks.ts';
import { useToday } from '../stores/today.ts';
import { useWorkflows } from '../stores/workflows.ts';

/** Whether workers can run something is not pushed: while it matters, the page looks again after this time. */
const LOOK_AGAIN_MS = 3000;

/** Loads what the create page shows and keeps it current, for as long as the component that calls it is there. */
export function useUpkeep(api: Api): void {
  const platform = usePagePlatform();
  const [session, workflows, tasks, draft] = [useSession(), useWorkflows(), useTasks(), useDraft()];
  const [ready, obstacles, today] = [useReadyModels(), useObstacles(), useToday()];

  onMounted(() => {
    void workflows.load(api);
    void tasks.follow(api, () => platform.now().getTime());
  });

  function lookAgain(): void {
    if (!platform.isVisible()) return;
    today.refresh();
    if (draft.workflow?.available === false) {
      void workflows.load(api);
      void obstacles.lookAtFleet(api);
    }
    void obstacles.look(api, tasks.tasks.values());
  }

  const stopLooking = platform.every(LOOK_AGAIN_MS, lookAgain);
  onBeforeUnmount(() => {
    stopLooking();
    tasks.clear();
  });

  watch(
    () => workflows.workflows,
    () => draft.settleOn(workflows.find, workflows.first),
  );
  watch([() => draft.workflow, () => ready.key], () => void ready.judge(api));
  watch([() => tasks.openCount, () => draft.workflow?.name], lookAgain);
  // A worker may have come or gone while the socket was away.
  watch(
    () => tasks.live,
    (now, before) => {
      if (now === 'live' && before === 'lost') void workflows.load(api);
    },
  );
  watch(
    () => tasks.failure,
    (failure) => {
      if (failure?.code === 'UNAUTHORIZED') session.leave(failure);
    },
  );
}
