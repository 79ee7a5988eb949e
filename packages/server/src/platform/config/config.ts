import type { TaskTypes } from './task-types-schema.ts';

/** Where the records are kept. */
export type DatabaseConfig =
  | { readonly driver: 'sqlite'; readonly file: string }
  | {
      readonly driver: 'postgres' | 'mysql';
      readonly host: string;
      readonly port: number;
      readonly user: string | null;
      readonly password: string | null;
      readonly database: string;
      readonly poolSize: number;
    };

export interface WorkerConfig {
  readonly name: string;
  readonly url: string;
  readonly maxConcurrent: number;
  /** Task types; empty means all. */
  readonly capabilities: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** When a worker counts as offline (design.md 7). */
export interface WorkerHealthConfig {
  readonly intervalMs: number;
  readonly idleTimeoutMs: number;
  readonly busyTimeoutMs: number;
  readonly busyLimitMs: number;
  /** Good checks in a row that make it online. */
  readonly rise: number;
  /** Bad checks in a row that make it offline. */
  readonly fall: number;
}

export interface InstancesConfig {
  /** Null: start none. */
  readonly repoPath: string | null;
  readonly python: string | null;
  readonly portRange: { readonly first: number; readonly last: number };
  readonly listen: string;
  readonly startupTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly baseDir: string;
  readonly logDir: string;
  readonly extraArgs: readonly string[];
}

/** The whole configuration: validated, defaults filled in, paths absolute, times in ms, frozen. */
export interface Config {
  /** The YAML file; null when there is none. */
  readonly file: string | null;
  readonly server: {
    readonly host: string;
    readonly port: number;
    readonly publicUrl: string | null;
    readonly allowedHosts: readonly string[];
    readonly allowedOrigins: readonly string[];
  };
  readonly dataDir: string;
  readonly durability: 'power' | 'process';
  readonly database: DatabaseConfig;
  readonly auth: {
    readonly required: boolean;
    readonly tokenLifetimeMs: number;
    /** Null: the generated one of secrets.json is used. */
    readonly secretKey: string | null;
    readonly openRegistration: boolean;
  };
  readonly comfyui: {
    /** Of the single ComfyUI; looked for at the start when `isWritten` is false and there are no workers. */
    readonly url: string;
    readonly isWritten: boolean;
    readonly outputDir: string;
    readonly inputDir: string;
    /** Execution limit of a task that names none; 0 none. */
    readonly timeoutMs: number;
  };
  /** Null without the block. */
  readonly redis: {
    readonly host: string;
    readonly port: number;
    readonly db: number;
    readonly password: string | null;
  } | null;
  readonly placement: { readonly strategy: 'least_loaded'; readonly maxAttempts: number };
  readonly workers: readonly WorkerConfig[];
  readonly workerHealth: WorkerHealthConfig;
  readonly instances: InstancesConfig;
  /** In the words of the file; `workflow_file` is absolute. */
  readonly taskTypes: TaskTypes;
  readonly workflowFiles: readonly string[];
  readonly limits: {
    readonly jsonBodyBytes: number;
    readonly graphBodyBytes: number;
    readonly uploadBytes: number;
    readonly assetBytes: number;
    readonly waitingPerClient: number;
    readonly streamsPerClient: number;
  };
  readonly retention: {
    readonly tasksMs: number;
    /** Null: until deleted. */
    readonly outputsMs: number | null;
    readonly uploadsMs: number;
  };
  readonly logging: { readonly level: 'debug' | 'info' | 'warn' | 'error' };
}

/** Something that works but is probably not meant. */
export interface ConfigWarning {
  path: string;
  message: string;
}
