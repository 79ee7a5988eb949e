import type { FileStore } from '../files/file-store.ts';
import {
  isObject,
  type Json,
  type JsonObject,
  parseJson,
  writeJson,
  writeString,
} from '../json/lossless-json.ts';
import { OBJECT_INFO_TEXTS } from '../media.ts';
import { listModelFolders } from '../models/model-folders.ts';
import type { SimulatedModel } from '../models/model-memory.ts';
import { isSince, type VersionProfile } from '../profile.ts';
import { type AddedClass, type DescribedClass, describeAdded } from './added-classes.ts';
import { definitionsOf } from './definitions.ts';
import { type InputSpec, type NodeClass, readNodeClass } from './node-class.ts';

const IMAGE_FILE = /\.(png|jpe?g|webp|gif|bmp|tiff?)$/i;
const MESH_FILE = /\.(gltf|glb|obj|fbx|stl|spz|splat|ply|ksplat)$/i;
const AUDIO_FILE = /\.(wav|mp3|flac|ogg|opus|m4a|mp4|webm|mkv|mov)$/i;
/** What a catalog is built from. */
export interface CatalogOptions {
  readonly version: VersionProfile;
  readonly models: readonly SimulatedModel[];
  readonly classes: Readonly<Record<string, AddedClass>>;
}

function folderOf(model: SimulatedModel): string {
  return model.folder ?? 'checkpoints';
}

/** The recorded classes that have code here, then the added ones. */
function describeClasses({ version, classes }: CatalogOptions): ReadonlyMap<string, DescribedClass> {
  const definitions = definitionsOf(version);
  const described = new Map<string, DescribedClass>();
  const parsed = parseJson(OBJECT_INFO_TEXTS[version]());
  for (const [name, info] of isObject(parsed) ? parsed : []) {
    const definition = definitions[name];
    if (isObject(info) && definition !== undefined)
      described.set(name, { info, definition, hasOwnChoices: false });
  }
  for (const [name, added] of Object.entries(classes))
    described.set(name, describeAdded(name, added, definitions));
  return described;
}

/** Node classes and models of the simulated server, with file lists that follow the input folder. */
export class Catalog {
  private readonly described: ReadonlyMap<string, DescribedClass>;
  private readonly classes = new Map<string, NodeClass>();
  private readonly hidden = new Set<string>();
  private readonly hiddenModels = new Set<string>();
  private readonly models: readonly SimulatedModel[];
  private readonly files: FileStore;
  private readonly version: VersionProfile;

  constructor(options: CatalogOptions, files: FileStore) {
    this.models = options.models;
    this.files = files;
    this.version = options.version;
    this.described = describeClasses(options);
  }

  find(className: string): NodeClass | undefined {
    if (this.hidden.has(className)) return undefined;
    const known = this.classes.get(className);
    if (known !== undefined) return known;
    const described = this.described.get(className);
    if (described === undefined) return undefined;
    const nodeClass = readNodeClass(className, described.info, described.definition);
    this.classes.set(className, nodeClass);
    return nodeClass;
  }

  /** The choices of a combo with current file and model lists; undefined if they are not checked. */
  choicesOf(className: string, input: InputSpec): readonly Json[] | undefined {
    const declared = this.declaredChoices(input);
    return declared === undefined ? undefined : (this.dynamicChoices(className, input.name) ?? declared);
  }

  /** Combos of V3 classes are checked since 0.8.0. */
  private declaredChoices({ type, options }: InputSpec): readonly Json[] | undefined {
    if (typeof type !== 'string') return type;
    const choices = type === 'COMBO' && isSince(this.version, '0.33') ? options.get('options') : undefined;
    return Array.isArray(choices) ? choices : undefined;
  }

  classJson(className: string): string | undefined {
    const described = this.hidden.has(className) ? undefined : this.described.get(className);
    if (described === undefined) return undefined;
    return writeJson(this.fillLists(className, described.info));
  }

  allJson(): string {
    const parts: string[] = [];
    for (const name of this.described.keys()) {
      const json = this.classJson(name);
      if (json !== undefined) parts.push(`${writeString(name)}: ${json}`);
    }
    return `{${parts.join(', ')}}`;
  }

  /** ComfyUI's own folders, then those that only the given models use. */
  modelFolders(): readonly string[] {
    return [...new Set([...listModelFolders(this.version), ...this.models.map(folderOf)])];
  }

  modelNames(folder: string): readonly string[] {
    return this.models
      .filter((model) => folderOf(model) === folder && !this.hiddenModels.has(model.name))
      .map((model) => model.name)
      .sort();
  }

  findModel(name: string): SimulatedModel | undefined {
    return this.hiddenModels.has(name) ? undefined : this.models.find((model) => model.name === name);
  }

  /** Hides a class or a model, as on a worker that lacks it. */
  hide(what: { readonly className?: string; readonly modelName?: string }): void {
    if (what.className !== undefined) this.hidden.add(what.className);
    if (what.modelName !== undefined) this.hiddenModels.add(what.modelName);
  }

  showAll(): void {
    this.hidden.clear();
    this.hiddenModels.clear();
  }

  private dynamicChoices(className: string, input: string): readonly string[] | undefined {
    if (this.described.get(className)?.hasOwnChoices === true) return undefined;
    if (input === 'ckpt_name') return this.modelNames('checkpoints');
    if (className.startsWith('LoadImage') && input === 'image') return this.inputFiles(IMAGE_FILE);
    if (className === 'LoadAudio' && input === 'audio') return this.inputFiles(AUDIO_FILE);
    if (className === 'Load3DAdvanced' && input === 'model_file') return ['none', ...this.modelFiles()];
    return undefined;
  }

  private inputFiles(pattern: RegExp): readonly string[] {
    return (this.files.list('input', '') ?? []).filter((name) => pattern.test(name)).sort();
  }

  /** Files below input/3d, as Load3D lists them. */
  private modelFiles(): readonly string[] {
    const names = this.files.list('input', '3d') ?? [];
    return names.filter((name) => MESH_FILE.test(name)).map((name) => `3d/${name}`);
  }

  private fillLists(className: string, info: JsonObject): JsonObject {
    const input = info.get('input');
    const required = isObject(input) ? input.get('required') : undefined;
    if (!isObject(input) || !isObject(required)) return info;
    let filled: JsonObject | undefined;
    for (const [name, spec] of required) {
      const choices = this.dynamicChoices(className, name);
      if (choices === undefined || !Array.isArray(spec)) continue;
      filled ??= new Map(required);
      filled.set(name, fillChoices(spec, choices));
    }
    if (filled === undefined) return info;
    return new Map(info).set('input', new Map(input).set('required', filled));
  }
}

/** Choices replace the type or, in a V3 class, are among the options. */
function fillChoices(spec: readonly Json[], choices: readonly string[]): Json[] {
  const [type, options] = spec;
  if (type !== 'COMBO' || !isObject(options)) return [[...choices], ...spec.slice(1)];
  return [type, new Map(options).set('options', [...choices])];
}
