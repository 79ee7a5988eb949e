import { createHash } from 'node:crypto';
import type { FileStore } from '../files/file-store.ts';
import { isObject, type JsonObject, writeJson } from '../json/lossless-json.ts';
import type { Catalog } from '../nodes/catalog.ts';
import { classNameOf, inputsOf, PoisonedPrompt, readLink } from './order.ts';

/** Results of a node: outputs by slot, and its shown result as JSON text with the id it ran under. */
export interface CachedResult {
  readonly outputs: readonly unknown[];
}

/** The shown result of a node and its `meta`, as JSON texts. */
export interface CachedUi {
  readonly output: string;
  readonly meta: string;
}

/**
 * ComfyUI's cache: results keyed by the signature of a node and its ancestors. Those the newest prompt does not use are
 * dropped (classic), or kept while there is room (0.33: while there is memory).
 */
export class ResultCache {
  private outputs = new Map<string, CachedResult>();
  private ui = new Map<string, CachedUi>();
  private keys = new Map<string, string>();
  private suffixes = new Map<string, string>();
  private runs = 0;
  private readonly retainedOfOthers: number;

  constructor(keptOfOthers: number) {
    this.retainedOfOthers = keptOfOthers;
  }

  /** Computes the keys of a new prompt and drops what it does not use. */
  open(prompt: JsonObject, catalog: Catalog, files: FileStore): void {
    this.runs += 1;
    this.keys = computeSignatures(prompt, { catalog, files, run: this.runs });
    const used = new Set(this.keys.values());
    dropUnused(this.outputs, used, this.retainedOfOthers);
    for (const key of this.ui.keys()) if (!this.outputs.has(key)) this.ui.delete(key);
    for (const key of this.suffixes.keys()) {
      const [id = '', className = ''] = key.split('\0');
      if (classNameOf(prompt, id) !== className) this.suffixes.delete(key);
    }
  }

  result(nodeId: string): CachedResult | undefined {
    return this.outputs.get(this.keys.get(nodeId) ?? '');
  }

  uiOf(nodeId: string): CachedUi | undefined {
    return this.ui.get(this.keys.get(nodeId) ?? '');
  }

  keep(nodeId: string, result: CachedResult): void {
    this.outputs.set(this.keys.get(nodeId) ?? nodeId, result);
  }

  keepUi(nodeId: string, ui: CachedUi): void {
    this.ui.set(this.keys.get(nodeId) ?? nodeId, ui);
  }

  /** Random letters of a node's object, generated once while the node stays in the graph. */
  suffix(nodeId: string, className: string, make: () => string): string {
    const key = `${nodeId}\0${className}`;
    const known = this.suffixes.get(key) ?? make();
    this.suffixes.set(key, known);
    return known;
  }

  clear(): void {
    this.outputs = new Map();
    this.ui = new Map();
    this.suffixes = new Map();
  }
}

/** Drops unused results, oldest first, until at most `mayStay` of them remain. */
function dropUnused(outputs: Map<string, CachedResult>, used: ReadonlySet<string>, mayStay: number): void {
  const unused = [...outputs.keys()].filter((key) => !used.has(key));
  for (const key of unused.slice(0, Math.max(0, unused.length - mayStay))) outputs.delete(key);
}

function hasInputs(prompt: JsonObject, id: string): boolean {
  const node = prompt.get(id);
  return isObject(node) && isObject(node.get('inputs'));
}

interface SignatureScope {
  readonly catalog: Catalog;
  readonly files: FileStore;
  readonly run: number;
}

function computeSignatures(prompt: JsonObject, scope: SignatureScope): Map<string, string> {
  const signatures = new Map<string, string>();
  const open = new Set<string>();
  const visit = (id: string): string => {
    const known = signatures.get(id);
    if (known !== undefined) return known;
    if (open.has(id) || !prompt.has(id)) return `?${id}`;
    if (!hasInputs(prompt, id)) throw new PoisonedPrompt(`KeyError: 'inputs' of node ${id}`);
    open.add(id);
    const inputs = inputsOf(prompt, id);
    const parts = [describeNode(id, prompt, inputs, scope)];
    for (const name of [...inputs.keys()].sort()) {
      const value = inputs.get(name);
      const link = readLink(value);
      parts.push(
        link === undefined ? `${name}=${writeJson(value)}` : `${name}<${visit(link.from)}:${link.slot}>`,
      );
    }
    const whole = `(${parts.join('|')})`;
    const signature = whole.length > 400 ? createHash('sha256').update(whole).digest('base64') : whole;
    signatures.set(id, signature);
    open.delete(id);
    return signature;
  };
  for (const id of prompt.keys()) visit(id);
  return signatures;
}

function describeNode(id: string, prompt: JsonObject, inputs: JsonObject, scope: SignatureScope): string {
  const className = classNameOf(prompt, id);
  const found = scope.catalog.find(className);
  const mark = found?.definition.changeMark?.(inputs, scope.files);
  const change = mark === undefined ? '' : mark === 'nan' ? `#${scope.run}` : `#${mark}`;
  return `${className}${change}${found?.usesUniqueId === true ? `@${id}` : ''}`;
}
