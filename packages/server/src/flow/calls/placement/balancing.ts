import type { PrincipalId, Strategy } from '@comfleet/contract';
import type { RunTimeSettings } from '../../../platform/config/run-time-settings.ts';
import type { PlacementSettings } from '../../placement/settings.ts';

/** The strategy in force and where it was set. */
export interface BalancingState {
  readonly strategy: Strategy;
  /** `file` also stands for its default. */
  readonly source: 'environment' | 'run_time' | 'file';
  /** Who changed it at run time, and when. */
  readonly changed: { readonly principalId: PrincipalId; readonly atMs: number } | null;
}

/** The configuration in force. */
interface PlacementConfig {
  readonly current: { readonly placement: PlacementSettings };
}

export const STRATEGY_SETTING = 'nodes.load_balancing.strategy';

/** The placement strategy, as a setting that can be changed at run time (LB6). */
export class Balancing {
  readonly #config: PlacementConfig;
  readonly #settings: Pick<RunTimeSettings, 'find' | 'set' | 'reset'>;

  constructor(config: PlacementConfig, settings: Pick<RunTimeSettings, 'find' | 'set' | 'reset'>) {
    this.#config = config;
    this.#settings = settings;
  }

  get state(): BalancingState {
    const { strategy } = this.#config.current.placement;
    const { source, changed } = this.#settings.find(STRATEGY_SETTING);
    if (source === 'run_time') return { strategy, source, changed };
    const isFixed = source === 'environment' || source === 'option';
    return { strategy, source: isFixed ? 'environment' : 'file', changed: null };
  }

  /** Null restores the file's value. Throws CONFLICT if the environment sets it. */
  async change(strategy: Strategy | null, principalId: PrincipalId): Promise<void> {
    if (strategy === null) await this.#settings.reset(STRATEGY_SETTING, { principalId });
    else await this.#settings.set(STRATEGY_SETTING, strategy, { principalId });
  }
}
