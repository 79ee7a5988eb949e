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
import { IMAGE_NODES } from './image-nodes.ts';
import type { NodeDefinition } from './node-run.ts';
import { OTHER_NODES } from './other-nodes.ts';
import { SAMPLING_NODES } from './sampling-nodes.ts';
import { SAVE_NODES } from './save-nodes.ts';

/** One declared input of a class: its type or list of choices, and its options. */
export interface InputSpec {
  readonly name: string;
  readonly isRequired: boolean;
  /** A type name, or the choices of a combo. */
  readonly type: string | readonly Json[];
  readonly options: JsonObject;
}

/** A class as validation and execution need it. */
export interface NodeClass {
  readonly name: string;
  readonly inputs: readonly InputSpec[];
  readonly outputTypes: readonly Json[];
  readonly isOutput: boolean;
  readonly usesUniqueId: boolean;
  readonly definition: NodeDefinition;
}

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

/** What the simulated server knows: node classes and models, with file lists that follow the input folder. */
export class Catalog {
  private readonly described: ReadonlyMap<string, JsonObject>;
  private readonly classes = new Map<string, NodeClass>();
  private readonly hidden = new Set<string>();
  private readonly hiddenModels = new Set<string>();
  private readonly models: readonly SimulatedModel[];
  private readonly files: FileStore;

  constructor(models: readonly SimulatedModel[], files: FileStore) {
    this.models = models;
    this.files = files;
    const parsed = parseJson(OBJECT_INFO_TEXT);
    const described = new Map<string, JsonObject>();
    if (isObject(parsed)) for (const [name, info] of parsed) if (isObject(info)) described.set(name, info);
    this.described = described;
  }

  find(className: string): NodeClass | undefined {
    if (this.hidden.has(className)) return undefined;
    const known = this.classes.get(className);
    if (known !== undefined) return known;
    const info = this.described.get(className);
    const definition = DEFINITIONS[className];
    if (info === undefined || definition === undefined) return undefined;
    const made = readClass(className, info, definition);
    this.classes.set(className, made);
    return made;
  }

  /** The choices of a combo, file and model lists filled in as they are now. */
  choicesOf(className: string, input: InputSpec): readonly Json[] | undefined {
    if (typeof input.type === 'string') return undefined;
    return this.dynamicChoices(className, input.name) ?? input.type;
  }

  classJson(className: string): string | undefined {
    const info = this.hidden.has(className) ? undefined : this.described.get(className);
    if (info === undefined) return undefined;
    return writeJson(this.fillLists(className, info));
  }

  allJson(): string {
    const parts: string[] = [];
    for (const name of this.described.keys()) {
      const json = this.classJson(name);
      if (json !== undefined) parts.push(`${writeString(name)}: ${json}`);
    }
    return `{${parts.join(', ')}}`;
  }

  modelFolders(): readonly string[] {
    return MODEL_FOLDERS;
  }

  modelNames(folder: string): readonly string[] {
    return this.models
      .filter((model) => (model.folder ?? 'checkpoints') === folder && !this.hiddenModels.has(model.name))
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

function readClass(name: string, info: JsonObject, definition: NodeDefinition): NodeClass {
  const input = info.get('input');
  const hidden = isObject(input) ? input.get('hidden') : undefined;
  const output = info.get('output');
  return {
    name,
    inputs: [...readInputs(input, 'required'), ...readInputs(input, 'optional')],
    outputTypes: Array.isArray(output) ? output : [],
    isOutput: info.get('output_node') === true,
    usesUniqueId:
      isObject(hidden) && [...hidden.values()].some((kind) => writeJson(kind).includes('UNIQUE_ID')),
    definition,
  };
}

function readInputs(input: Json | undefined, group: 'required' | 'optional'): InputSpec[] {
  const declared = isObject(input) ? input.get(group) : undefined;
  if (!isObject(declared)) return [];
  return [...declared].map(([name, spec]) => {
    const [type, options] = Array.isArray(spec) ? spec : [];
    return {
      name,
      isRequired: group === 'required',
      type: typeof type === 'string' || Array.isArray(type) ? type : '*',
      options: isObject(options) ? options : new Map(),
    };
  });
}
