import type { SimulatedModel } from './models/model-memory.ts';
import type { AddedClass } from './nodes/added-classes.ts';
import type { Clock } from './platform/clock.ts';
import { systemClock } from './platform/clock.ts';
import { VERSION_TEXTS, type VersionProfile } from './profile.ts';

export const PREVIEW_METHODS = ['none', 'auto', 'latent2rgb', 'taesd'] as const;

export type PreviewMethod = (typeof PREVIEW_METHODS)[number];

/** What `openSimulator` takes; every field has a default. Times are milliseconds. */
export interface SimulatorOptions {
  /** 0 (default) lets the kernel choose. */
  readonly port?: number;
  readonly host?: string;
  /** Seeds everything random: temp file letters, ids drawn by the server, jitter. */
  readonly seed?: number;
  /** Time one sampling step takes, default 20. */
  readonly stepMs?: number;
  /** Extra time per node class, e.g. `{ EmptyImage: 200 }`. */
  readonly nodeDelays?: Readonly<Record<string, number>>;
  readonly models?: readonly SimulatedModel[];
  /** Node classes beside the simulator's own, or in the place of some. */
  readonly classes?: Readonly<Record<string, AddedClass>>;
  /** Simulated VRAM in bytes, default 12 GiB. */
  readonly vramTotal?: number;
  readonly previewMethod?: PreviewMethod;
  /** Time between the terminal message and the history entry, default 0. */
  readonly historyGapMs?: number;
  readonly version?: VersionProfile;
  /** Version text of /system_stats; the profile's own when absent. */
  readonly versionText?: string;
  readonly ledgerPath?: string;
  /** Real folders; files live in memory without them. `baseDirectory` holds output, input and temp. */
  readonly baseDirectory?: string;
  readonly outputDirectory?: string;
  readonly inputDirectory?: string;
  readonly tempDirectory?: string;
  /** Delay before each HTTP answer, default 0. */
  readonly latencyMs?: number;
  readonly maxUploadBytes?: number;
  /** `--enable-cors-header`: replaces the origin check. */
  readonly corsOrigin?: string;
  readonly disableMetadata?: boolean;
  /** The command line told in /system_stats; with `--disable-api-nodes` 0.33 sends a Content-Security-Policy. */
  readonly argv?: readonly string[];
  /** `--feature-flag`: told by /features beside the server's own (0.33). */
  readonly featureFlags?: Readonly<Record<string, string>>;
  /** Opens the control listener on this port (0: kernel's choice); absent: no listener. */
  readonly controlPort?: number;
  readonly clock?: Clock;
  readonly log?: (line: string) => void;
  /** Called by the `crash` fault; the library default closes everything abruptly. */
  readonly onCrash?: (how: { readonly exitCode: number; readonly signal?: string }) => void;
}

/** Options with every default filled in. */
export interface CompiledOptions {
  readonly port: number;
  readonly host: string;
  readonly seed: number;
  readonly stepMs: number;
  readonly nodeDelays: Readonly<Record<string, number>>;
  readonly models: readonly SimulatedModel[];
  readonly classes: Readonly<Record<string, AddedClass>>;
  readonly vramTotal: number;
  readonly previewMethod: PreviewMethod;
  readonly historyGapMs: number;
  readonly version: VersionProfile;
  readonly versionText: string;
  readonly latencyMs: number;
  readonly maxUploadBytes: number;
  readonly corsOrigin: string | undefined;
  readonly disableMetadata: boolean;
  readonly argv: readonly string[];
  readonly featureFlags: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: (line: string) => void;
}

/** The two checkpoints of the recordings and a video model, each with a load time and a size. */
export const DEFAULT_MODELS: readonly SimulatedModel[] = [
  { name: 'random-a.safetensors', loadMs: 300, vramMegabytes: 2048 },
  { name: 'random-b.safetensors', loadMs: 300, vramMegabytes: 2048 },
  {
    name: 'v1-5-pruned-emaonly-fp16.safetensors',
    loadMs: 400,
    vramMegabytes: 4096,
    metadata: { 'modelspec.title': 'simulated' },
  },
  { name: 'sd_xl_base_1.0.safetensors', loadMs: 600, vramMegabytes: 7168 },
  { name: 'svd_xt.safetensors', loadMs: 600, vramMegabytes: 9216 },
];

const DEFAULTS = {
  port: 0,
  host: '127.0.0.1',
  seed: 1,
  stepMs: 20,
  nodeDelays: {},
  models: DEFAULT_MODELS,
  classes: {},
  vramTotal: 12 * 1024 ** 3,
  previewMethod: 'none',
  historyGapMs: 0,
  version: '0.3.64',
  latencyMs: 0,
  maxUploadBytes: 100 * 1024 * 1024,
  corsOrigin: undefined,
  disableMetadata: false,
  argv: ['main.py', '--cpu'],
  featureFlags: {},
  clock: systemClock,
  log: () => undefined,
} as const;

/** Fills the defaults, once. Options that are undefined count as absent. */
export function compileOptions(options: SimulatorOptions): CompiledOptions {
  const given: SimulatorOptions = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  );
  const versionText = VERSION_TEXTS[options.version ?? DEFAULTS.version];
  return { ...DEFAULTS, versionText, ...given };
}
