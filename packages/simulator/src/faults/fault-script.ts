import type { Clock } from '../platform/clock.ts';
import { type FaultName, isActionFault } from './fault-names.ts';

/** When a fault takes effect, relative to one prompt. Without a moment: at once. */
export type Moment =
  | 'before_post'
  | 'between_post_and_start'
  | 'during_progress'
  | 'between_last_node_and_null'
  | 'after_null_before_history';

export const MOMENTS: readonly Moment[] = [
  'before_post',
  'between_post_and_start',
  'during_progress',
  'between_last_node_and_null',
  'after_null_before_history',
];

/** One fault to simulate. Further fields are specific to the fault (FAULTS.md), in snake_case. */
export interface FaultSpec {
  readonly name: FaultName;
  readonly moment?: Moment;
  /** How often it acts: a number (default 1) or until cleared. */
  readonly times?: number | 'until_cleared';
  /** Only for this prompt. */
  readonly prompt_id?: string;
  readonly [field: string]: unknown;
}

/** A fault as stored in the script. */
export interface ArmedFault {
  readonly id: number;
  readonly spec: FaultSpec;
  readonly left: number;
  readonly state: 'waiting' | 'active';
}

/** Modes that stay active while they are set instead of being used up. */
const LASTING: ReadonlySet<string> = new Set([
  'freeze',
  'slow',
  'ws_stall',
  'identity',
  'interleaved_progress',
]);

interface Slot {
  readonly id: number;
  readonly spec: FaultSpec;
  left: number;
  state: 'waiting' | 'active';
}

/** Reads one numeric field of a fault. */
export function readNumber(spec: FaultSpec, field: string, fallback: number): number {
  const value = spec[field];
  return typeof value === 'number' ? value : fallback;
}

/** Reads one text field of a fault. */
export function readText(spec: FaultSpec, field: string, fallback: string): string {
  const value = spec[field];
  return typeof value === 'string' ? value : fallback;
}

/**
 * The faults set so far. Actions (close sockets, restart…) are performed once their moment is reached;
 * modes (drop a frame, late history…) become active then and are taken by the code they affect.
 */
export class FaultScript {
  private readonly slots: Slot[] = [];
  private nextId = 1;
  private perform: (spec: FaultSpec) => void = () => undefined;
  private onActed: (spec: FaultSpec) => void = () => undefined;
  private readonly changed = new Set<() => void>();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Sets who performs actions and who is notified of every fault that took effect. */
  connect(perform: (spec: FaultSpec) => void, onActed: (spec: FaultSpec) => void): void {
    this.perform = perform;
    this.onActed = onActed;
  }

  set(spec: FaultSpec): number {
    const id = this.nextId;
    this.nextId += 1;
    const left = spec.times === 'until_cleared' ? Number.POSITIVE_INFINITY : (spec.times ?? 1);
    const slot: Slot = { id, spec, left, state: 'waiting' };
    this.slots.push(slot);
    if (spec.moment === undefined) {
      if (isActionFault(spec.name)) this.act(slot);
      else this.activate(slot);
    }
    this.announce();
    return id;
  }

  /** Removes faults: all, those of a name, or one id. */
  clear(which?: FaultName | number): void {
    for (let i = this.slots.length - 1; i >= 0; i -= 1) {
      const slot = this.slots[i];
      if (slot === undefined) continue;
      if (which === undefined || slot.id === which || slot.spec.name === which) this.slots.splice(i, 1);
    }
    this.announce();
  }

  list(): readonly ArmedFault[] {
    return this.slots.map((slot) => ({ ...slot }));
  }

  isEmpty(): boolean {
    return this.slots.length === 0;
  }

  /** A prompt reached a moment: its actions are performed, its modes become active. */
  reach(moment: Moment, promptId: string | undefined): void {
    if (this.slots.length === 0) return;
    for (const slot of [...this.slots]) {
      if (slot.spec.moment !== moment || slot.state !== 'waiting') continue;
      if (slot.spec.prompt_id !== undefined && slot.spec.prompt_id !== promptId) continue;
      if (isActionFault(slot.spec.name)) this.act(slot);
      else this.activate(slot);
    }
    this.announce();
  }

  /** True if a fault waits for this moment. The executor checks it before it changes its order of work. */
  awaits(moment: Moment, promptId: string): boolean {
    return this.slots.some(
      (slot) =>
        slot.spec.moment === moment &&
        (slot.spec.prompt_id === undefined || slot.spec.prompt_id === promptId),
    );
  }

  /** Uses a matching active mode once; undefined if there is none. */
  take(
    name: FaultName,
    promptId?: string,
    fits: (spec: FaultSpec) => boolean = () => true,
  ): FaultSpec | undefined {
    if (this.slots.length === 0) return undefined;
    const slot = this.find(name, promptId, fits);
    if (slot === undefined) return undefined;
    this.use(slot);
    return slot.spec;
  }

  /** Returns an active mode without using it up. */
  peek(name: FaultName, promptId?: string): FaultSpec | undefined {
    return this.slots.length === 0 ? undefined : this.find(name, promptId, () => true)?.spec;
  }

  /** Resolves when no active fault of this name is left. */
  async waitWhile(name: FaultName): Promise<void> {
    while (this.peek(name) !== undefined) await this.nextChange();
  }

  private nextChange(): Promise<void> {
    return new Promise((resolve) => {
      const listener = (): void => {
        this.changed.delete(listener);
        resolve();
      };
      this.changed.add(listener);
    });
  }

  private find(
    name: FaultName,
    promptId: string | undefined,
    fits: (spec: FaultSpec) => boolean,
  ): Slot | undefined {
    return this.slots.find(
      (slot) =>
        slot.spec.name === name &&
        slot.state === 'active' &&
        (slot.spec.prompt_id === undefined || slot.spec.prompt_id === promptId) &&
        fits(slot.spec),
    );
  }

  /** Activates a mode; one with `ms` ends by itself. */
  private activate(slot: Slot): void {
    slot.state = 'active';
    const { ms } = slot.spec;
    if (!LASTING.has(slot.spec.name)) return;
    this.onActed(slot.spec);
    if (typeof ms === 'number') void this.clock.sleep(ms).then(() => this.clear(slot.id));
  }

  private act(slot: Slot): void {
    const { spec } = slot;
    this.use(slot);
    this.perform(spec);
  }

  private use(slot: Slot): void {
    slot.left -= 1;
    if (slot.left <= 0) {
      const index = this.slots.indexOf(slot);
      if (index >= 0) this.slots.splice(index, 1);
    } else if (slot.spec.moment !== undefined && isActionFault(slot.spec.name)) slot.state = 'waiting';
    this.onActed(slot.spec);
    this.announce();
  }

  private announce(): void {
    for (const listener of [...this.changed]) listener();
  }
}
