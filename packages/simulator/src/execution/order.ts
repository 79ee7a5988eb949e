import { isObject, type Json, type JsonObject } from '../json/lossless-json.ts';
import type { Catalog } from '../nodes/catalog.ts';

/** Reads a link: a list of a node id and a slot. */
export function readLink(
  value: Json | undefined,
): { readonly from: string; readonly slot: number } | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [from, slot] = value;
  return typeof from === 'string' && typeof slot === 'number' ? { from, slot } : undefined;
}

/** Inputs of a node; empty if it has none. */
export function inputsOf(prompt: JsonObject, id: string): JsonObject {
  const node = prompt.get(id);
  const inputs = isObject(node) ? node.get('inputs') : undefined;
  return isObject(inputs) ? inputs : new Map();
}

/** The class name of a node. */
export function classNameOf(prompt: JsonObject, id: string): string {
  const node = prompt.get(id);
  const name = isObject(node) ? node.get('class_type') : undefined;
  return typeof name === 'string' ? name : '';
}

/**
 * A graph that passes validation but kills the worker thread: a node without `inputs` that no output needs, or a link under an
 * undeclared name to a missing node (trap 1).
 */
export class PoisonedPrompt extends Error {}

/** The nodes still to run and what blocks them; ready ones are picked output-first, as in ComfyUI. */
export class ExecutionList {
  private readonly waiting = new Set<string>();
  private readonly blockers = new Map<string, number>();
  private readonly blocking = new Map<string, Set<string>>();
  private readonly prompt: JsonObject;
  private readonly catalog: Catalog;
  private readonly isCached: (id: string) => boolean;

  constructor(prompt: JsonObject, catalog: Catalog, isCached: (id: string) => boolean) {
    this.prompt = prompt;
    this.catalog = catalog;
    this.isCached = isCached;
  }

  /** Adds a node and its uncached dependencies. Throws PoisonedPrompt if one is missing. */
  add(nodeId: string): void {
    const open = [nodeId];
    const links: [string, string][] = [];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (this.waiting.has(id)) continue;
      this.waiting.add(id);
      this.blockers.set(id, 0);
      this.blocking.set(id, new Set());
      for (const value of inputsOf(this.prompt, id).values()) {
        const link = readLink(value);
        if (link === undefined || this.isCached(link.from)) continue;
        if (!this.prompt.has(link.from)) throw new PoisonedPrompt(`Node ${link.from} not found`);
        open.push(link.from);
        links.push([link.from, id]);
      }
    }
    for (const [from, to] of links) {
      const blocked = this.blocking.get(from);
      if (blocked === undefined || blocked.has(to)) continue;
      blocked.add(to);
      this.blockers.set(to, (this.blockers.get(to) ?? 0) + 1);
    }
  }

  isEmpty(): boolean {
    return this.waiting.size === 0;
  }

  size(): number {
    return this.waiting.size;
  }

  /** The next node to run; undefined if only a cycle is left. */
  pick(): string | undefined {
    const ready: string[] = [];
    for (const id of this.waiting) {
      if (this.blockers.get(id) === 0) {
        if (this.isUrgent(id)) return id;
        ready.push(id);
      }
    }
    if (ready.length <= 1) return ready[0];
    return (
      ready.find((id) => this.blockedBy(id).some((next) => this.isOutput(next))) ??
      ready.find((id) =>
        this.blockedBy(id).some((next) => this.blockedBy(next).some((after) => this.isOutput(after))),
      ) ??
      ready[0]
    );
  }

  finish(id: string): void {
    this.waiting.delete(id);
    for (const next of this.blockedBy(id)) this.blockers.set(next, (this.blockers.get(next) ?? 1) - 1);
    this.blocking.delete(id);
  }

  /** A node of the remaining cycle. */
  cycleNode(): string {
    return [...this.waiting].find((id) => this.blockedBy(id).length > 0) ?? '';
  }

  private blockedBy(id: string): readonly string[] {
    return [...(this.blocking.get(id) ?? [])];
  }

  private isUrgent(id: string): boolean {
    const found = this.catalog.find(classNameOf(this.prompt, id));
    return found?.isOutput === true || found?.definition.isAsync === true;
  }

  private isOutput(id: string): boolean {
    return this.catalog.find(classNameOf(this.prompt, id))?.isOutput === true;
  }
}
