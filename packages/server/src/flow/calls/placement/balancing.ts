import { type PrincipalId, STRATEGIES, type Strategy } from '@comfleet/contract';
import type { Overlay, OverlayEntry } from '../../../platform/config/overlay.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { PlacementSettings } from '../../placement/settings.ts';

/** The strategy in force and where it was set. */
export interface BalancingState {
  readonly strategy: Strategy;
  readonly source: 'environment' | 'run_time' | 'file';
  /** Who changed it at run time, and when. */
  readonly changed: { readonly principalId: PrincipalId; readonly atMs: number } | null;
}

/** The configuration in force. */
interface PlacementConfig {
  readonly current: { readonly placement: PlacementSettings };
}

const SETTING = 'placement.strategy';

/** Chooses the placement strategy: from the environment, else as changed at run time, else from the file or its default (LB6). */
export class Balancing {
  readonly #config: PlacementConfig;
  readonly #overlay: Overlay;

  constructor(config: PlacementConfig, overlay: Overlay) {
    this.#config = config;
    this.#overlay = overlay;
  }

  get strategy(): Strategy {
    return this.state.strategy;
  }

  /** How many times, and for how long, warm tasks may overtake a task that needs a model load; from the file. */
  get bypass(): { readonly starts: number; readonly ms: number } {
    return this.#config.current.placement.bypass;
  }

  /** A client without a start for this long is raised by one step; from the file. */
  get agingMs(): number {
    return this.#config.current.placement.agingMs;
  }

  get state(): BalancingState {
    const { strategy, isStrategyFixed } = this.#config.current.placement;
    if (isStrategyFixed) return { strategy, source: 'environment', changed: null };
    const entry = this.#overlay.find(SETTING);
    const changed = readStrategy(entry);
    if (entry === null || changed === null) return { strategy, source: 'file', changed: null };
    const { principalId, changedAtMs: atMs } = entry;
    return { strategy: changed, source: 'run_time', changed: { principalId, atMs } };
  }

  /** Null restores the file's value. Throws CONFLICT if the environment sets it. */
  async change(strategy: Strategy | null, principalId: PrincipalId): Promise<void> {
    if (this.#config.current.placement.isStrategyFixed) {
      throw new AppError('CONFLICT', { owned_by: 'COMFLEET__NODES__LOAD_BALANCING__STRATEGY' });
    }
    if (strategy === null) await this.#overlay.remove(SETTING);
    else await this.#overlay.set(SETTING, strategy, principalId);
  }

  /** Called after a change at run time; for changes of the file see ConfigStore. Returns the function that unsubscribes. */
  onChange(listener: () => void): () => void {
    return this.#overlay.onChange((name) => {
      if (name === SETTING) listener();
    });
  }
}

function readStrategy(entry: OverlayEntry | null): Strategy | null {
  return STRATEGIES.find((strategy) => strategy === entry?.value) ?? null;
}
