import { type Language, type Parameter, pickLabel, type Workflow } from '@comfleet/contract';

/** Which control asks for a parameter. */
export type ControlKind = 'prompt' | 'line' | 'choice' | 'slider' | 'number' | 'switch' | 'seed' | 'image';

/** A slider with more stops than this is a number field. */
const MOST_STOPS = 1000;
/** A text that may be longer than this gets several lines. */
const LINE_LENGTH = 300;

/** The control that suits a parameter's type and limits. */
export function chooseControl(parameter: Parameter): ControlKind {
  if (parameter.options !== null && parameter.options.length > 0) return 'choice';
  switch (parameter.data_type) {
    case 'bool':
      return 'switch';
    case 'seed':
      return 'seed';
    case 'image':
      return 'image';
    case 'int':
    case 'float':
      return suitsSlider(parameter) ? 'slider' : 'number';
    case 'string':
      return isLongText(parameter) ? 'prompt' : 'line';
  }
}

/** The distance between two values of a number: its `multiple_of`, else 1 for whole numbers and 0.1 for others. */
export function stepOf(parameter: Parameter): number {
  if (parameter.multiple_of !== null) return parameter.multiple_of;
  if (parameter.data_type === 'int') return 1;
  const span = parameter.min !== null && parameter.max !== null ? parameter.max - parameter.min : 10;
  return span <= 1 ? 0.01 : 0.1;
}

/** A parameter's name for people: its label, else its name with spaces. */
export function labelOf(parameter: Parameter, language: Language): string {
  const label = parameter.label === null ? '' : pickLabel(parameter.label, language);
  if (label !== '') return label;
  const words = parameter.name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Parts of a workflow's form, in the order a user fills them in. */
export interface FormPlan {
  images: Parameter[];
  /** Files of models, and what nothing is taken for: never hidden. */
  chosen: Parameter[];
  prompt: Parameter | null;
  negative: Parameter | null;
  /** Both or neither: they are shown as one size. */
  size: { width: Parameter; height: Parameter } | null;
  seed: Parameter | null;
  /** Everything else, under "more". */
  rest: Parameter[];
}

/** Sorts a workflow's parameters into the parts of its form; derived ones are not asked for. */
export function planForm(workflow: Workflow): FormPlan {
  const asked = workflow.parameters.filter((parameter) => !parameter.derived);
  const texts = asked.filter((parameter) => chooseControl(parameter) === 'prompt');
  const negative = texts.find((parameter) => parameter.name.includes('negative')) ?? null;
  const prompt = texts.find((parameter) => parameter !== negative) ?? null;
  const width = asked.find((parameter) => parameter.name === 'width' && isNumber(parameter));
  const height = asked.find((parameter) => parameter.name === 'height' && isNumber(parameter));
  const size = width !== undefined && height !== undefined ? { width, height } : null;
  const seed = asked.find((parameter) => parameter.data_type === 'seed') ?? null;
  const images = asked.filter((parameter) => parameter.data_type === 'image');
  const ordinary = new Set<Parameter | null | undefined>([
    negative,
    prompt,
    size?.width,
    size?.height,
    seed,
    ...images,
  ]);
  const others = asked.filter((parameter) => !ordinary.has(parameter));
  const isChosen = (parameter: Parameter) =>
    parameter.names_model === true || (parameter.required && parameter.default_value === null);
  const chosen = others.filter(isChosen);
  const rest = others.filter((parameter) => !isChosen(parameter));
  return { images, chosen, prompt, negative, size, seed, rest };
}

/** A named set of values, for example a resolution. */
export interface Preset {
  name: string;
  values: Record<string, unknown>;
}

/** The preset groups of a workflow: group name → its presets. What has another shape is left out. */
export function readPresets(workflow: Workflow): Map<string, Preset[]> {
  const groups = new Map<string, Preset[]>();
  for (const [group, content] of Object.entries(workflow.presets ?? {})) {
    if (!isRecord(content)) continue;
    const presets: Preset[] = [];
    for (const [name, values] of Object.entries(content))
      if (isRecord(values)) presets.push({ name, values });
    if (presets.length > 0) groups.set(group, presets);
  }
  return groups;
}

/** True when every value of the preset stands in the form. */
export function isPresetChosen(preset: Preset, values: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(preset.values).every(([name, value]) => values[name] === value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(parameter: Parameter): boolean {
  return parameter.data_type === 'int' || parameter.data_type === 'float';
}

function suitsSlider(parameter: Parameter): boolean {
  if (parameter.min === null || parameter.max === null) return false;
  return (parameter.max - parameter.min) / stepOf(parameter) <= MOST_STOPS;
}

function isLongText(parameter: Parameter): boolean {
  return parameter.name.includes('prompt') || (parameter.max_length ?? 0) > LINE_LENGTH;
}
