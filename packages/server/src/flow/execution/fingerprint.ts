import type { Fingerprint } from '@comfleet/contract';

/** What a worker told of itself, as much of it as a fingerprint takes. */
export interface ToldByWorker {
  readonly version: string;
  readonly pytorchVersion: string | null;
  readonly objectInfoHash: string;
  readonly modelSizes: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly devices: readonly Readonly<Record<string, unknown>>[];
  readonly fetchedAtMs: number;
}

/** What an attempt is to run with. `told` is the worker's last inventory; null when it never gave one. */
export function createFingerprint({
  comfleetVersion,
  graphHash,
  models,
  told,
}: {
  comfleetVersion: string;
  graphHash: string;
  models: readonly { folder: string | null; name: string }[];
  told: ToldByWorker | null;
}): Fingerprint {
  const device = told?.devices[0] ?? {};
  return {
    comfleet_version: comfleetVersion,
    comfyui_version: told?.version ?? null,
    pytorch_version: told?.pytorchVersion ?? null,
    object_info_hash: told === null ? null : `blake3:${told.objectInfoHash}`,
    graph_hash: `sha256:${graphHash}`,
    models: models.map(({ folder, name }) => ({
      folder,
      name,
      size_bytes: (folder === null ? null : told?.modelSizes.get(folder)?.get(name)) ?? null,
    })),
    device: readText(device.name),
    // No ComfyUI up to 0.33 tells it.
    driver: null,
    listed_at: told === null ? null : new Date(told.fetchedAtMs).toISOString(),
  };
}

const MAX_TEXT = 200;

function readText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT) : null;
}
