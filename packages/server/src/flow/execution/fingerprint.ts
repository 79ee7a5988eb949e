import type { Fingerprint } from '@comfleet/contract';

/** The part of a worker's inventory that goes into a fingerprint. */
export interface ReportedByWorker {
  readonly version: string;
  readonly pytorchVersion: string | null;
  readonly objectInfoHash: string;
  readonly modelSizes: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly devices: readonly Readonly<Record<string, unknown>>[];
  readonly fetchedAtMs: number;
}

/** Creates the record of what an attempt runs with. `reported` is the worker's last inventory; null if there never was one. */
export function createFingerprint({
  comfleetVersion,
  graphHash,
  models,
  reported,
}: {
  comfleetVersion: string;
  graphHash: string;
  models: readonly { folder: string | null; name: string }[];
  reported: ReportedByWorker | null;
}): Fingerprint {
  const device = reported?.devices[0] ?? {};
  return {
    comfleet_version: comfleetVersion,
    comfyui_version: reported?.version ?? null,
    pytorch_version: reported?.pytorchVersion ?? null,
    object_info_hash: reported === null ? null : `blake3:${reported.objectInfoHash}`,
    graph_hash: `sha256:${graphHash}`,
    models: models.map(({ folder, name }) => ({
      folder,
      name,
      size_bytes: (folder === null ? null : reported?.modelSizes.get(folder)?.get(name)) ?? null,
    })),
    device: readText(device.name),
    // No ComfyUI up to 0.33 reports it.
    driver: null,
    listed_at: reported === null ? null : new Date(reported.fetchedAtMs).toISOString(),
  };
}

const MAX_TEXT = 200;

function readText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT) : null;
}
