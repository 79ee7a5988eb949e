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
  progress: Pick<ProgressProbe, 'isBusy' | 'look'>;
  idleTimeoutMs: number;
  busyTimeoutMs: number;
  versionFloor: string | null;
}

/** One whole check of a worker: does it answer, is it the same server as ever, and does it run what it has? */
export class ServerCheck {
  readonly #deps: ServerCheckDeps;
  #stats: ServerStats | null = null;

  constructor(deps: ServerCheckDeps) {
    this.#deps = deps;
  }

  /** As the last good answer told them; null before the first one. */
  get devices(): readonly Record<string, unknown>[] | null {
    return this.#stats?.devices ?? null;
  }

  /** What other addresses of the same server would tell too; null before the first good answer. */
  get looks(): string | null {
    return this.#stats && describeServer(this.#stats);
  }

  /** Never throws. The marker in the command line of our own process says more than its folders. */
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
