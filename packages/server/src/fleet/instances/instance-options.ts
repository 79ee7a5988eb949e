import { RESTART_RULES, type RestartRules } from './instance-state.ts';
import { compileInstances, type InstancesConfig, instancesSchema } from './settings.ts';

/** Of the settings, those with a default. */
type Timing = Pick<InstancesConfig, 'portRange' | 'startupTimeoutMs' | 'heartbeatIntervalMs'>;

/** How instances are run: the settings of the file, and what only tests change. Times are milliseconds. */
export interface InstancesOptions extends Partial<Timing> {
  /** Each instance has a folder of its own here: temporary files and the reboot marker. */
  baseDir: string;
  logDir: string;
  /** Ours; children inherit an allowed part of it. */
  environment: Readonly<Record<string, string | undefined>>;
  /** From SIGINT to SIGTERM, default 10000. */
  stopGraceMs?: number;
  /** The same while we end ourselves, default 7000: ComfyUI 0.33 takes 2 to 5 s to end. */
  shutdownGraceMs?: number;
  /** The same for one that answers nothing, default 2500. */
  hungGraceMs?: number;
  /** From SIGTERM to SIGKILL, default 1000. */
  terminateGraceMs?: number;
  /** One that became ready less than this ago is not ended for hanging, default 15000. */
  settleMs?: number;
  /** Whether instances end with us, or go on and are adopted by the next start. Default stop. */
  onShutdown?: 'stop' | 'leave';
  /** A log larger than this is moved aside, default 10 MiB; three older ones are kept. */
  logMaxBytes?: number;
  restart?: Partial<RestartRules>;
}

/** Options with every default filled in. */
export type CompiledInstancesOptions = Readonly<Required<Omit<InstancesOptions, 'restart'>>> & {
  readonly restart: RestartRules;
};

const DEFAULTS: Timing = compileInstances(instancesSchema.parse({}), '');

/** Fills the defaults, once. */
export function compileInstancesOptions(options: InstancesOptions): CompiledInstancesOptions {
  return {
    baseDir: options.baseDir,
    logDir: options.logDir,
    environment: options.environment,
    portRange: options.portRange ?? DEFAULTS.portRange,
    startupTimeoutMs: options.startupTimeoutMs ?? DEFAULTS.startupTimeoutMs,
    stopGraceMs: options.stopGraceMs ?? 10_000,
    shutdownGraceMs: options.shutdownGraceMs ?? 7_000,
    hungGraceMs: options.hungGraceMs ?? 2_500,
    terminateGraceMs: options.terminateGraceMs ?? 1_000,
    settleMs: options.settleMs ?? 15_000,
    onShutdown: options.onShutdown ?? 'stop',
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? DEFAULTS.heartbeatIntervalMs,
    logMaxBytes: options.logMaxBytes ?? 10 * 1024 * 1024,
    restart: { ...RESTART_RULES, ...options.restart },
  };
}
