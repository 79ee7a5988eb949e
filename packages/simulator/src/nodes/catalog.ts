import type { FileStore } from '../files/file-store.ts';
import {
  isObject,
  type Json,
  type JsonObject,
  parseJson,
  writeJson,
  writeString,
} from '../json/lossless-json.ts';
import { OBJECT_INFO_TEXT } from '../media.ts';
import type { SimulatedModel } from '../models/model-memory.ts';
import { type AddedClass, type DescribedClass, describeAdded } from './added-classes.ts';
import { IMAGE_NODES } from './image-nodes.ts';
import { type InputSpec, type NodeClass, readNodeClass } from './node-class.ts';
import type { NodeDefinition } from './node-run.ts';
import { OTHER_NODES } from './other-nodes.ts';
import { SAMPLING_NODES } from './sampling-nodes.ts';
import { SAVE_NODES } from './save-nodes.ts';

const DEFINITIONS: Readonly<Record<string, NodeDefinition>> = {
  ...IMAGE_NODES,
  ...SAMPLING_NODES,
  ...SAVE_NODES,
  ...OTHER_NODES,
};
const IMAGE_FILE = /\.(png|jpe?g|webp|gif|bmp|tiff?)$/i;
const AUDIO_FILE = /\.(wav|mp3|flac|ogg|opus|m4a|mp4|webm|mkv|mov)$/i;
const MODEL_FOLDERS = [
  'checkpoints',
  'configs',
  'loras',
  'vae',
  'text_encoders',
  'diffusion_models',
  'clip_vision',
  'style_models',
  'embeddings',
  'diffusers',
  'vae_approx',
  'controlnet',
  'gligen',
  'upscale_models',
  'custom_nodes',
  'hypernetworks',
  'photomaker',
  'classifiers',
  'model_patches',
  'audio_encoders',
];

/** What a catalog is made of. */
export interface CatalogOptions {
  readonly models: readonly SimulatedModel[];
  readonly classes: Readonly<Record<string, AddedClass>>;
}

function folderOf(model: SimulatedModel): string {
  return model.folder ?? 'checkpoints';
}

/** The recorded classes that have code here, then the added ones. */
function describeClasses(added: Readonly<Record<string, AddedClass>>): ReadonlyMap<string, DescribedClass> {
  const described = new Map<string, DescribedClass>();
  const parsed = parseJson(OBJECT_INFO_TEXT);
  for (const [name, info] of isObject(parsed) ? parsed : []) {
    const definition = DEFINITIONS[name];
    if (isObject(info) && definition !== undefined)
      described.set(name, { info, definition, hasOwnChoices: false });
  }
  for (const [name, one] of Object.entries(added)) described.set(name, describeAdded(name, one, DEFINITIONS));
  return described;
}

/** What the simulated server knows: node classes and models, with file lists that follow the input folder. */
export class Catalog {
  private readonly described: ReadonlyMap<string, DescribedClass>;
  private readonly classes = new Map<string, NodeClass>();
  private readonly hidden = new Set<string>();
  private readonly hiddenModels = new Set<string>();
  private readonly models: readonly SimulatedModel[];
  private readonly files: FileStore;

  constructor(asked: CatalogOptions, files: FileStore) {
    this.models = asked.models;
    this.files = files;
    this.described = describeClasses(asked.classes);
  }

  find(className: string): NodeClass | undefined {
    if (this.hidden.has(className)) return undefined;
    const known = this.classes.get(className);
    if (known !== undefined) return known;
    const described = this.described.get(className);
    if (described === undefined) return undefined;
    const made = readNodeClass(className, described.info, described.definition);
    this.classes.set(className, made);
    return made;
  }

  /** The choices of a combo, file and model lists filled in as they are now. */
  choicesOf(className: string, input: InputSpec): readonly Json[] | undefined {
    if (typeof input.type === 'string') return undefined;
    return this.dynamicChoices(className, input.name) ?? input.type;
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

  /** ComfyUI's own folders, then those that only given models have. */
  modelFolders(): readonly string[] {
    return [...new Set([...MODEL_FOLDERS, ...this.models.map(folderOf)])];
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

  /** Makes a class or a model unknown, as on a worker that lacks it. */
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
    return undefined;
  }

  private inputFiles(pattern: RegExp): readonly string[] {
    return (this.files.list('input', '') ?? []).filter((name) => pattern.test(name)).sort();
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
      filled.set(name, [[...choices], ...spec.slice(1)]);
    }
    if (filled === undefined) return info;
    return new Map(info).set('input', new Map(input).set('required', filled));
  }
}
