import { PREVIEW_METHODS, type SimulatorOptions } from './options.ts';
import { VERSION_PROFILES } from './profile.ts';

/** An invalid command line; ComfyUI exits with 2 for it. */
export class BadCommandLine extends Error {}

/** What the program needs beyond the simulator's options. */
export interface ProgramPlan {
  readonly options: SimulatorOptions;
  readonly faultsPath: string | undefined;
  /** JSON file: class name → `{info, acts_as?}`, classes added to the simulator's own. */
  readonly classesPath: string | undefined;
  readonly isQuickTest: boolean;
  readonly warnings: readonly string[];
}

type Draft = { -readonly [K in keyof SimulatorOptions]: SimulatorOptions[K] } & {
  faultsPath?: string;
  classesPath?: string;
  isQuickTest?: boolean;
};

function readCount(flag: string, text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || text === '' || !Number.isFinite(value)) {
    throw new BadCommandLine(`argument ${flag}: invalid value: ${text ?? '(missing)'}`);
  }
  return value;
}

function readChoice<T extends string>(flag: string, text: string | undefined, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new BadCommandLine(`argument ${flag}: choose from ${choices.join(', ')}`);
  return found;
}

function readPath(flag: string, text: string | undefined): string {
  if (text === undefined || text === '') throw new BadCommandLine(`argument ${flag}: expected one argument`);
  return text;
}

type Apply = (draft: Draft, value: string | undefined, flag: string) => void;

/** Flags that take one value: ComfyUI's own, then the simulator's. */
const VALUE_FLAGS: Readonly<Record<string, Apply>> = {
  '--port': (draft, value, flag) => {
    draft.port = readCount(flag, value);
  },
  '--base-directory': (draft, value, flag) => {
    draft.baseDirectory = readPath(flag, value);
  },
  '--output-directory': (draft, value, flag) => {
    draft.outputDirectory = readPath(flag, value);
  },
  '--input-directory': (draft, value, flag) => {
    draft.inputDirectory = readPath(flag, value);
  },
  '--temp-directory': (draft, value, flag) => {
    draft.tempDirectory = readPath(flag, value);
  },
  '--preview-method': (draft, value, flag) => {
    draft.previewMethod = readChoice(flag, value, PREVIEW_METHODS);
  },
  '--max-upload-size': (draft, value, flag) => {
    draft.maxUploadBytes = Math.round(readCount(flag, value) * 1024 * 1024);
  },
  '--control-port': (draft, value, flag) => {
    draft.controlPort = readCount(flag, value);
  },
  '--ledger': (draft, value, flag) => {
    draft.ledgerPath = readPath(flag, value);
  },
  '--faults': (draft, value, flag) => {
    draft.faultsPath = readPath(flag, value);
  },
  '--classes': (draft, value, flag) => {
    draft.classesPath = readPath(flag, value);
  },
  '--seed': (draft, value, flag) => {
    draft.seed = readCount(flag, value);
  },
  '--step-ms': (draft, value, flag) => {
    draft.stepMs = readCount(flag, value);
  },
  '--latency-ms': (draft, value, flag) => {
    draft.latencyMs = readCount(flag, value);
  },
  '--history-gap-ms': (draft, value, flag) => {
    draft.historyGapMs = readCount(flag, value);
  },
  '--profile': (draft, value, flag) => {
    draft.version = readChoice(flag, value, VERSION_PROFILES);
  },
  '--feature-flag': (draft, value, flag) => {
    const [name = '', ...rest] = readPath(flag, value).split('=');
    draft.featureFlags = { ...draft.featureFlags, [name]: rest.join('=') };
  },
  '--vram-mb': (draft, value, flag) => {
    draft.vramTotal = readCount(flag, value) * 1024 * 1024;
  },
  '--node-delay': (draft, value, flag) => {
    const [className = '', ms] = readPath(flag, value).split('=');
    draft.nodeDelays = { ...draft.nodeDelays, [className]: readCount(flag, ms) };
  },
};

/** ComfyUI's flags without effect here, with the number of values they take (`*`: up to the next flag). */
const IGNORED_FLAGS: Readonly<Record<string, 0 | 1 | '*'>> = {
  '--auto-launch': 0,
  '--disable-auto-launch': 0,
  '--cpu': 0,
  '--gpu-only': 0,
  '--highvram': 0,
  '--normalvram': 0,
  '--lowvram': 0,
  '--novram': 0,
  '--disable-smart-memory': 0,
  '--deterministic': 0,
  '--dont-print-server': 0,
  '--disable-all-custom-nodes': 0,
  '--disable-api-nodes': 0,
  '--multi-user': 0,
  '--log-stdout': 0,
  '--enable-compress-response-body': 0,
  '--cache-classic': 0,
  '--cache-none': 0,
  '--disable-cuda-malloc': 0,
  '--cuda-malloc': 0,
  '--offline': 0,
  '--enable-manager': 0,
  '--high-ram': 0,
  '--disable-dynamic-vram': 0,
  '--enable-dynamic-vram': 0,
  '--disable-nvml-pressure': 0,
  '--disable-pinned-memory': 0,
  '--fast-disk': 0,
  '--debug-hang': 0,
  '--enable-assets': 0,
  '--enable-asset-hashing': 0,
  '--cache-ram': '*',
  '--vram-headroom': 1,
  '--user-directory': 1,
  '--cuda-device': 1,
  '--default-device': 1,
  '--reserve-vram': 1,
  '--cache-lru': 1,
  '--preview-size': 1,
  '--front-end-version': 1,
  '--front-end-root': 1,
  '--database-url': 1,
  '--models-directory': 1,
  '--tls-keyfile': 1,
  '--tls-certfile': 1,
  '--default-hashing-function': 1,
  '--verbose': '*',
  '--fast': '*',
  '--extra-model-paths-config': '*',
  '--whitelist-custom-nodes': '*',
};

/** Parses a command line of ComfyUI's main.py. Unknown flags give a warning and are skipped. */
export function parseCommandLine(args: readonly string[]): ProgramPlan {
  const draft: Draft = { port: 8188, argv: ['main.py', ...args] };
  const warnings: string[] = [];
  let at = 0;
  while (at < args.length) {
    const [flag, attached] = splitFlag(args[at] ?? '');
    const values =
      attached === undefined ? args.slice(at + 1, at + 1 + countValues(args, at + 1)) : [attached];
    const used = applyFlag(draft, { flag, values, warn: (text) => warnings.push(text) });
    at += attached === undefined ? 1 + Math.min(used, values.length) : 1;
  }
  const { faultsPath, classesPath, isQuickTest, ...options } = draft;
  return { options, faultsPath, classesPath, isQuickTest: isQuickTest === true, warnings };
}

interface GivenFlag {
  readonly flag: string;
  readonly values: readonly string[];
  readonly warn: (text: string) => void;
}

/** Applies one flag to the draft; returns how many of the values after it belong to it. */
function applyFlag(draft: Draft, { flag, values, warn }: GivenFlag): number {
  const apply = VALUE_FLAGS[flag];
  if (apply !== undefined) {
    apply(draft, values[0], flag);
    return 1;
  }
  switch (flag) {
    case '--listen':
      draft.host = (values[0] ?? '0.0.0.0').split(',')[0] ?? '127.0.0.1';
      return 1;
    case '--enable-cors-header':
      draft.corsOrigin = values[0] ?? '*';
      return 1;
    case '--quick-test-for-ci':
      draft.isQuickTest = true;
      return 0;
    case '--disable-metadata':
      draft.disableMetadata = true;
      return 0;
    default:
      return skipFlag(flag, values.length, warn);
  }
}

function skipFlag(flag: string, following: number, warn: (text: string) => void): number {
  const valueCount = IGNORED_FLAGS[flag];
  if (valueCount === undefined) warn(`the simulator does not know ${flag}`);
  return valueCount === undefined || valueCount === '*' ? following : valueCount;
}

function splitFlag(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return text.startsWith('--') && at > 0 ? [text.slice(0, at), text.slice(at + 1)] : [text, undefined];
}

function countValues(args: readonly string[], from: number): number {
  let count = 0;
  while (from + count < args.length && !(args[from + count] ?? '--').startsWith('--')) count += 1;
  return count;
}
