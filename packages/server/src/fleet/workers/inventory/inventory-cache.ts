import type { ComfyHttp, HttpTransport } from '@comfleet/comfyui';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import type { Gate } from '../../../platform/lifecycle/gate.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { Clock, Random } from '../../../platform/time/clock.ts';
import { type Inventory, toStoredInventory } from './inventory.ts';
import { isInventoryCurrent, type LoadedInventory, loadInventory } from './load-inventory.ts';
import type { SharedInventories } from './shared-inventories.ts';

export interface CacheDeps {
  http: ComfyHttp;
  transport: HttpTransport;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Stores a new inventory before it takes effect. */
  save: (loaded: LoadedInventory) => Promise<void>;
  shared: SharedInventories;
  /** Limits how many workers are queried at once. */
  gate: Gate;
  periodMs: number;
  signal: AbortSignal;
  onChange: (cause: FleetText, durationMs: number) => void;
}

/** Minimum time between two loads of an inventory, however often the socket breaks. */
const PAUSE_MS = 10_000;
/** A busy worker is slow to build object_info, so its check may be this many periods late. */
const BUSY_PERIODS = 3;

/** Inventory of one worker: loaded in full after every return and on demand, compared periodically in between. */
export class InventoryCache {
  readonly #deps: CacheDeps;
  #inventory: Inventory | null;
  #isWanted = true;
  #triedMs = Number.NEGATIVE_INFINITY;
  #recheckAtMs: number;
  #loading: Promise<void> | null = null;
  #comparing: Promise<void> | null = null;

  constructor(deps: CacheDeps, inventory: Inventory | null) {
    this.#deps = deps;
    this.#inventory = inventory;
    this.#recheckAtMs = this.#planRecheck();
  }

  /** The last known inventory. */
  get inventory(): Inventory | null {
    return this.#inventory;
  }

  /** Requests a load, because the process or its files may have changed. */
  want(): void {
    this.#isWanted = true;
  }

  /** Loads the inventory now, or joins a load in progress. Throws ComfyError when the worker does not answer. */
  refresh(): Promise<void> {
    this.#loading ??= this.#deps.gate
      .run(() => this.#load(), this.#deps.signal)
      .finally(() => {
        this.#loading = null;
      });
    return this.#loading;
  }

  /** Called after each good check: starts what is due, without waiting for it. */
  refreshWhenDue({ isBusy }: { isBusy: boolean }): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (this.#isWanted) {
      if (nowMs - this.#triedMs >= PAUSE_MS) this.#tryTo(() => this.refresh());
      return;
    }
    const overdueMs = nowMs - this.#recheckAtMs;
    if (overdueMs < 0 || (isBusy && overdueMs < BUSY_PERIODS * this.#deps.periodMs)) return;
    this.#tryTo(() => this.#check());
  }

  /** Resolves when nothing is in progress. */
  async settle(): Promise<void> {
    await Promise.allSettled([this.#loading, this.#comparing]);
  }

  #tryTo(step: () => Promise<void>): void {
    step().catch((thrown: unknown) => {
      if (this.#deps.signal.aborted) return;
      this.#deps.logger.warn('worker.inventory_failed', { error: thrown });
    });
  }

  #check(): Promise<void> {
    this.#recheckAtMs = this.#planRecheck();
    this.#comparing ??= this.#deps.gate
      .run(() => this.#compare(), this.#deps.signal)
      .finally(() => {
        this.#comparing = null;
      });
    return this.#comparing;
  }

  async #compare(): Promise<void> {
    const known = this.#inventory;
    if (known !== null && (await isInventoryCurrent(this.#deps, known))) {
      this.#inventory = { ...known, fetchedAtMs: this.#deps.clock.nowMs() };
      return;
    }
    this.#isWanted = true;
    await this.#load();
  }

  async #load(): Promise<void> {
    const { clock, logger, save, onChange } = this.#deps;
    const startedMs = clock.monotonicMs();
    this.#triedMs = startedMs;
    this.#isWanted = false;
    this.#recheckAtMs = this.#planRecheck();
    const before = this.#inventory;
    try {
      const loaded = await loadInventory(this.#deps, before);
      if (before !== null && isSame(before, loaded.inventory)) {
        this.#inventory = loaded.inventory;
        return;
      }
      await save(loaded);
      this.#inventory = loaded.inventory;
    } catch (thrown) {
      this.#isWanted = true;
      throw thrown;
    }
    const durationMs = clock.monotonicMs() - startedMs;
    const { version, classTypes } = this.#inventory;
    logger.info('worker.inventory', { version, classes: classTypes.size, durationMs });
    onChange({ code: 'worker.inventory', params: { version, classes: classTypes.size } }, durationMs);
  }

  #planRecheck(): number {
    const { clock, random, periodMs } = this.#deps;
    return clock.monotonicMs() + periodMs * (0.8 + 0.4 * random.fraction());
  }
}

/** Compares everything except the time and the free memory of devices. */
function isSame(a: Inventory, b: Inventory): boolean {
  return toComparable(a) === toComparable(b);
}

function toComparable(inventory: Inventory): string {
  const { fetched_at: _time, devices, models, ...rest } = toStoredInventory(inventory);
  const lasting = devices.map(({ name, type, vram_total }) => ({ name, type, vram_total }));
  const folders = Object.entries(models).map(([folder, names]) => [folder, ...[...names].sort()]);
  return JSON.stringify({ ...rest, hash: inventory.objectInfoHash, lasting, folders: folders.sort() });
}
