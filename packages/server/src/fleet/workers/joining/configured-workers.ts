import { plainText } from '@comfleet/contract';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { WorkerRegistry } from '../registry.ts';
import type { WorkerConfig } from '../settings.ts';
import { normalizeWorkerUrl } from '../worker-spec.ts';

type Registry = Pick<WorkerRegistry, 'add' | 'list' | 'depart'>;

/**
 * Applies the workers of the file to the fleet, one at a time; a failure is logged, and the others go on. Workers of `previous`
 * that are no longer in the file drain, and leave once they have no prompts of ours (ND18).
 */
export async function applyConfiguredWorkers(
  { registry, logger }: { registry: Registry; logger: Logger },
  workers: readonly WorkerConfig[],
  previous: readonly WorkerConfig[] = [],
): Promise<void> {
  const configured = new Set(workers.map(toKey));
  const gone = new Set(previous.map(toKey).filter((key) => !configured.has(key)));
  for (const worker of registry.list()) {
    if (worker.source !== 'config' || !gone.has(toKey(worker))) continue;
    await registry.depart(worker.id, { reason: plainText('worker.not_configured') });
  }
  for (const worker of workers) {
    const { written: _, ...spec } = worker;
    await registry.add({ ...spec, source: 'config' }).catch((thrown: unknown) => {
      logger.error('worker.not_added', { worker: worker.name, error: thrown });
    });
  }
}

function toKey({ name, url }: { name: string; url: string }): string {
  return `${name} ${normalizeWorkerUrl(url) ?? url}`;
}
