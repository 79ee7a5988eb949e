/** A model that exists only as a name, a size and the time it takes to load. */
export interface SimulatedModel {
  readonly name: string;
  /** Folder key of GET /models, default `checkpoints`. */
  readonly folder?: string;
  readonly loadMs: number;
  readonly vramMegabytes: number;
  /** The `__metadata__` of its safetensors file, returned by /view_metadata; absent: none (404). */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Effects of loading a model. */
export interface LoadPlan {
  readonly isCold: boolean;
  readonly evicted: readonly SimulatedModel[];
}

/** The resident models in the simulated VRAM, least recently used first. */
export class ModelMemory {
  private readonly resident = new Map<string, SimulatedModel>();
  private readonly totalMegabytes: number;
  constructor(totalMegabytes: number) {
    this.totalMegabytes = totalMegabytes;
  }

  /** Makes a model resident, evicting the least recently used ones until it fits. */
  load(model: SimulatedModel): LoadPlan {
    if (this.resident.has(model.name)) {
      this.resident.delete(model.name);
      this.resident.set(model.name, model);
      return { isCold: false, evicted: [] };
    }
    const evicted: SimulatedModel[] = [];
    for (const [name, old] of this.resident) {
      if (this.usedMegabytes() + model.vramMegabytes <= this.totalMegabytes) break;
      this.resident.delete(name);
      evicted.push(old);
    }
    this.resident.set(model.name, model);
    return { isCold: true, evicted };
  }

  unloadAll(): readonly SimulatedModel[] {
    const models = [...this.resident.values()];
    this.resident.clear();
    return models;
  }

  usedMegabytes(): number {
    let sum = 0;
    for (const model of this.resident.values()) sum += model.vramMegabytes;
    return sum;
  }

  freeMegabytes(): number {
    return Math.max(0, this.totalMegabytes - this.usedMegabytes());
  }
}
