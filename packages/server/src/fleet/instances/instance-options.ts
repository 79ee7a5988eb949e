import { RESTART_RULES, type RestartRules } from './instance-state.ts';
import { compileInstances, type InstancesConfig, instancesSchema } from './settings.ts';

/** Settings that have a default. */
type Timing = Pick<InstancesConfig, 'portRange' | 'startupTimeoutMs' | 'heartbeatIntervalMs'>;

/** How instances are run: settings of the file, and options for tests. Times in ms. */
export interface InstancesOptions extends Partial<Timing> {
  /** Contains a folder for each instance, with temporary files and the reboot marker. */
  baseDir: string;
  logDir: string;
  /** Our environment; children inherit the allowed part of it. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Time from SIGINT to SIGTERM; default 10000. */
  stopGraceMs?: number;
  /** The same during our own shutdown; default 7000, because ComfyUI 0.33 takes 2 to 5 s to end. */
  shutdownGraceMs?: number;
  /** The same for a process that does not answer; default 2500. */
  hungGraceMs?: number;
  /** Time from SIGTERM to SIGKILL; default 1000. */
  terminateGraceMs?: number;
  /** A process that became ready less than this ago is not ended for hanging; default 15000. */
  settleMs?: number;
  /** Whether instances stop with us, or run on and are adopted by the next start. Default stop. */
  onShutdown?: 'stop' | 'leave';
  /** Size at which a log is rotated; default 10 MiB, with three older ones kept. */
  logMaxBytes?: number;
  restart?: Partial<RestartRules>;
}

/** Options with every default filled in. */
export type CompiledInstancesOptions = Readonly<Required<Omit<InstancesOptions, 'restart'>>> & {
  readonly restart: RestartRules;
};

const DEFAULTS: Timing = compileInstances(instancesSchema.parse({}), '');

/** Fills in the defaults. */
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
