import { computed } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { type GalleryItem, itemsOf } from '../../model/gallery-groups.ts';
import { useTasks } from '../../stores/tasks.ts';

/** Which tile is open, as the address says (`?open=<task>/<index>`), and the way to its neighbours. */
export function useLightbox() {
  const route = useRoute();
  const router = useRouter();
  const tasks = useTasks();

  const items = computed(() => tasks.groups.flatMap(itemsOf));
  const openKey = computed(() => (typeof route.query.open === 'string' ? route.query.open : null));
  const at = computed(() => {
    const key = openKey.value;
    if (key === null) return -1;
    const exact = items.value.findIndex((item) => item.key === key);
    // A task that was open while it ran has become its first result.
    return exact !== -1 ? exact : items.value.findIndex((item) => item.task.task_id === key.split('/')[0]);
  });
  const item = computed<GalleryItem | null>(() => items.value[at.value] ?? null);

  function open(key: string): void {
    void router.push({ query: { open: key } });
  }

  /** Shows a neighbour in place, so that one "back" closes. */
  function step(by: number): void {
    const next = items.value[at.value + by];
    if (next !== undefined) void router.replace({ query: { open: next.key } });
  }

  function close(): void {
    void router.replace({ query: {} });
  }

  return { items, item, at, open, step, close };
}
