import type { HttpTransport } from '@comfleet/comfyui';
import type { Clock } from '../../../platform/time/clock.ts';
import type { IdentityGuard } from '../identity/identity-guard.ts';
import { describeServer, type ServerStats } from '../inventory/inventory.ts';
import type { CompiledWorkerSpec } from '../worker-spec.ts';
import { checkHealth } from './check-health.ts';
import type { HealthResult } from './health-result.ts';
import type { ProgressProbe } from './progress-probe.ts';

export interface ServerCheckDeps {
  transport: HttpTransport;
  clock: Clock;
  guard: Pick<IdentityGuard, 'compare'>;
  progress: Pick<ProgressProbe, 'isBusy' | 'probe'>;
  idleTimeoutMs: number;
  busyTimeoutMs: number;
  versionFloor: string | null;
}

/** A complete check of a worker: does it answer, is it the same server as before, and does it run its prompts? */
export class ServerCheck {
  readonly #deps: ServerCheckDeps;
  #stats: ServerStats | null = null;

  constructor(deps: ServerCheckDeps) {
    this.#deps = deps;
  }

  /** Devices by the last good answer; null before the first one. */
  get devices(): readonly Record<string, unknown>[] | null {
    return this.#stats?.devices ?? null;
  }

  /** Everything that another address of the same server would report too; null before the first good answer. */
  get appearance(): string | null {
    return this.#stats && describeServer(this.#stats);
  }

  /** Never throws. For our own process the marker in its command line is checked instead of its identity. */
  async run(
    { url, marker, auth }: Pick<CompiledWorkerSpec, 'url' | 'marker' | 'auth'>,
    signal: AbortSignal,
  ): Promise<HealthResult> {
    const { transport, clock, guard, progress, versionFloor } = this.#deps;
    const timeoutMs = progress.isBusy ? this.#deps.busyTimeoutMs : this.#deps.idleTimeoutMs;
    const hasLogin = auth !== null;
    const server = { transport, url, marker, hasLogin };
    const reading = await checkHealth({ ...server, clock, timeoutMs, versionFloor, signal });
    if (reading.stats === null) return reading.result;
    this.#stats = reading.stats;
    const differences = marker === null ? await guard.compare(reading.stats.argv) : [];
    if (differences.length > 0) return { kind: 'other_server', differences };
    return (await progress.probe(signal)) ?? reading.result;
  }
}
