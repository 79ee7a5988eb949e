import type { Health, Task } from '@comfleet/contract';
import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { Api } from '../api/api.ts';
import { findObstacle, type Obstacle } from '../model/obstacle.ts';
import { isEnded } from '../model/task-state.ts';

type ServiceHealth = Health['services'][string];

/** The oldest open tasks are asked about; those behind them wait for the same. */
const MOST_ASKED = 6;

/** What keeps open tasks from going on, by task id. The server does not push it: workers come and go without a word to a task. */
export const useObstacles = defineStore('obstacles', () => {
  const obstacles = shallowRef<ReadonlyMap<string, Obstacle>>(new Map());

  /** What is wrong with the workers together; null while nothing is known to be. */
  const fleet = shallowRef<ServiceHealth | null>(null);

  /** Asks about the oldest open tasks. One that cannot be explained now has no obstacle that is known. */
  async function look(api: Api, tasks: Iterable<Task>): Promise<void> {
    const open = [...tasks]
      .filter((task) => !isEnded(task.status))
      .sort((a, b) => a.created_at.localeCompare(b.created_at))
      .slice(0, MOST_ASKED);
    const found = await Promise.all(
      open.map(async ({ task_id: id }) => {
        const placement = await api.explainTask(id).catch(() => null);
        return [id, placement && findObstacle(placement)] as const;
      }),
    );
    obstacles.value = new Map(found.flatMap(([id, obstacle]) => (obstacle ? [[id, obstacle] as const] : [])));
  }

  /** Asks how the workers are, for a user whose workflow none can run. */
  async function lookAtFleet(api: Api): Promise<void> {
    const nodes = await api.loadHealth().then(
      ({ services }) => services.nodes,
      () => undefined,
    );
    fleet.value = nodes === undefined || nodes.status === 'ok' ? null : nodes;
  }

  return { obstacles, fleet, look, lookAtFleet };
});
