/** Families of image and video models that workflows are written for, and the purpose of a file; `other` is none of these. */
export const MODEL_KINDS = [
  'sd1',
  'sd1_inpaint',
  'sd2',
  'sd2_inpaint',
  'sdxl',
  'sdxl_inpaint',
  'sdxl_refiner',
  'sd3',
  'svd',
  'flux',
  'other',
] as const;
export type ModelKind = (typeof MODEL_KINDS)[number];

/** What the header of a safetensors file contains. */
export interface ModelHeader {
  /** Its `__metadata__`; empty if it has none. */
  metadata: Readonly<Record<string, unknown>>;
  /** Tensor shapes by name; null if only the metadata is known, as from /view_metadata. */
  shapes: ReadonlyMap<string, readonly number[]> | null;
}

/** The kind according to a file's tensors, else to its metadata; null if neither shows it. The name only adds the purpose. */
export function detectKindByHeader({ metadata, shapes }: ModelHeader, name: string): ModelKind | null {
  const byShapes = shapes === null ? null : detectByShapes(shapes);
  return byShapes ?? detectByMetadata(metadata, name);
}

const UNET = 'model.diffusion_model.';

/** Detects the kind as ComfyUI does: by a UNet's width, input channels and context; other architectures by a typical tensor. */
function detectByShapes(shapes: ReadonlyMap<string, readonly number[]>): ModelKind | null {
  const [width, channels] = shapes.get(`${UNET}input_blocks.0.0.weight`) ?? [];
  const names = [...shapes.keys()];
  if (width === undefined || channels === undefined) return detectByTensors(names);
  const blocks = names.filter((name) => name.startsWith(UNET));
  if (blocks.some((name) => name.includes('.time_stack.'))) return 'svd';
  const attention = blocks.find((name) => name.endsWith('.attn2.to_k.weight'));
  return detectUNet({ width, channels, context: shapes.get(attention ?? '')?.[1] ?? 0 });
}

function detectByTensors(names: readonly string[]): ModelKind | null {
  const has = (tensor: string) => names.some((name) => name.endsWith(tensor));
  if (has('double_blocks.0.img_attn.norm.key_norm.scale')) return 'flux';
  if (has('joint_blocks.0.context_block.attn.qkv.weight')) return 'sd3';
  return names.some((name) => name.startsWith(UNET)) ? 'other' : null;
}

function detectUNet({
  width,
  channels,
  context,
}: Record<'width' | 'channels' | 'context', number>): ModelKind {
  if (width === 384 && context === 1280) return 'sdxl_refiner';
  const family = width === 320 ? FAMILIES.get(context) : undefined;
  if (family === undefined) return 'other';
  if (channels === 9) return `${family}_inpaint`;
  return channels === 4 ? family : 'other';
}

/** By the width of the text encoder's output to the UNet. */
const FAMILIES: ReadonlyMap<number, 'sd1' | 'sd2' | 'sdxl'> = new Map([
  [768, 'sd1'],
  [1024, 'sd2'],
  [2048, 'sdxl'],
]);

/** Reads `modelspec.architecture` (SAI model spec), or what kohya's trainer writes. */
function detectByMetadata(metadata: Readonly<Record<string, unknown>>, name: string): ModelKind | null {
  const [said = ''] = [metadata['modelspec.architecture'], metadata['ss_base_model_version']].flatMap(
    (value) => (typeof value === 'string' && value !== '' ? [value.toLowerCase()] : []),
  );
  if (said === '') return null;
  const [, family = 'other'] = ARCHITECTURES.find(([pattern]) => pattern.test(said)) ?? [];
  return addUse(/\/(lora|textual|control)/.test(said) ? 'other' : family, `${said} ${name}`);
}

const ARCHITECTURES: readonly (readonly [RegExp, ModelKind])[] = [
  [/^stable-video-diffusion|^svd/, 'svd'],
  [/^stable-diffusion-xl|^sdxl/, 'sdxl'],
  [/^stable-diffusion-v?1|^sd_v1/, 'sd1'],
  [/^stable-diffusion-v?2|^sd_v2/, 'sd2'],
  [/^stable-diffusion-v?3|^sd3/, 'sd3'],
  [/^flux/, 'flux'],
];

/** The kind according to a file's name or folder, if these follow the conventions of model sites; else null. */
export function detectKindByName(name: string): ModelKind | null {
  const path = name.replace(/\.\w+$/, '').replaceAll('\\', '/');
  const [, family = null] = NAMES.find(([pattern]) => pattern.test(path)) ?? [];
  return family && addUse(family, path);
}

/** Start or end of a word: `XL` of `juggernautXL_v9` counts, `xl` of `pixlart` does not. */
const NAMES: readonly (readonly [RegExp, ModelKind])[] = [
  [/(^|[^a-z])svd([^a-z]|$)|stable[-_ ]?video/i, 'svd'],
  [/flux(?!ion)/i, 'flux'],
  [/(^|[^a-z])sd[-_ ]?v?3|stable[-_ ]?diffusion[-_ ]?v?3/i, 'sd3'],
  [/XL([^a-z]|$)/, 'sdxl'],
  [/(^|[^a-z])xl([^a-z]|$)|sd[-_ ]?xl|pony|illustrious|noobai|animagine/i, 'sdxl'],
  [/(^|[^a-z0-9])v1[-_.][45]([^0-9]|$)|(^|[^a-z])sd[-_ ]?v?1([-_.]?[45])?([^0-9]|$)/i, 'sd1'],
  [/stable[-_ ]?diffusion[-_ ]?v?1([^0-9]|$)/i, 'sd1'],
  [/(^|[^a-z0-9])v2[-_.][01]_?(768|512|ema|$|[^0-9])|(^|[^a-z])sd[-_ ]?v?2([-_.]?[01])?([^0-9]|$)/i, 'sd2'],
  [/(^|[^a-z])(512|768)[-_ ](base|inpainting)[-_ ]ema|768-v-ema/i, 'sd2'],
  [
    /ltx|hunyuan|wan2|cascade|pixart|aura[-_ ]?flow|lumina|qwen|cosmos|hidream|chroma|zero123|z[-_ ]image/i,
    'other',
  ],
];

function addUse(family: ModelKind, words: string): ModelKind {
  if (family === 'sdxl' && /refiner/i.test(words)) return 'sdxl_refiner';
  const isInpaint = /inpaint/i.test(words);
  return isInpaint && (family === 'sd1' || family === 'sd2' || family === 'sdxl')
    ? `${family}_inpaint`
    : family;
}

/** True for a file whose name shows that it needs few steps and little guidance: a workflow's usual settings do not suit it. */
export function isDistilledName(name: string): boolean {
  return /turbo|lightning|lcm|hyper|schnell/i.test(name);
}
