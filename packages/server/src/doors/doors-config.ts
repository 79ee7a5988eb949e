import type { DefinitionProblem } from '@comfleet/contract';
import type { DiscoveryConfig } from '../fleet/workers/joining/settings.ts';
import type { compileClientLimits } from '../people/identity/settings.ts';
import type { ReloadOutcome } from '../platform/config/config-store.ts';
import type { compileHttpLimits, ServerSettings } from '../platform/http/settings.ts';

/** The configuration that doors read. */
export interface DoorsConfig {
  readonly server: ServerSettings;
  readonly discovery: DiscoveryConfig;
  readonly limits: ReturnType<typeof compileHttpLimits> &
    ReturnType<typeof compileClientLimits> & { readonly uploadBytes: number; readonly assetBytes: number };
  readonly comfyui: { readonly timeoutMs: number };
  readonly placement: { readonly maxAttempts: number };
  readonly retention: { readonly tasksMs: number };
  /** Null if the block is missing. */
  readonly redis: object | null;
}

/** The configuration in force; it can change between two reads. */
export interface DoorsConfigStore {
  readonly current: DoorsConfig;
  reload(): Promise<ReloadOutcome>;
  /** Why the configuration last read is not in force; empty if it is. */
  problems(): readonly DefinitionProblem[];
}
