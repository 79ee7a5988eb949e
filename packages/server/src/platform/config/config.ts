import type { Strategy, WorkerGroup } from '@comfleet/contract';
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

/** What a block of the file says of its workers. */
export interface WorkerFields {
  readonly maxConcurrent: number;
  /** Task types; empty means all. */
  readonly capabilities: readonly string[];
  readonly labels: readonly string[];
  /** Null where the file says nothing: SRV records may. */
  readonly group: WorkerGroup | null;
  readonly weight: number | null;
  /** 1 to 10, 10 first. */
  readonly priority: number;
  readonly enabled: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface WorkerConfig extends WorkerFields {
  readonly name: string;
  readonly url: string;
  readonly group: WorkerGroup;
  readonly weight: number;
}

/** A DNS name that leads to workers. */
export interface DnsConfig extends WorkerFields {
  readonly name: string;
  readonly type: 'SRV' | 'A' | 'AAAA';
  readonly port: number;
}

/** How workers join by themselves. */
export interface DiscoveryConfig {
  readonly mode: 'static' | 'dynamic' | 'hybrid';
  /** Null: nobody can register a worker without being an admin. */
  readonly joinToken: string | null;
  readonly announceIntervalMs: number;
  readonly forgetAfterMs: number;
  /** Where signed datagrams are heard; null nowhere. Every address unless the server is this machine's alone. */
  readonly udp: { readonly host: string; readonly port: number } | null;
  readonly dns: readonly DnsConfig[];
  readonly dnsIntervalMs: number;
  readonly dnsGraceMs: number;
}

/** When a worker counts as offline. */
export interface WorkerHealthConfig {
  readonly intervalMs: number;
  readonly idleTimeoutMs: number;
  readonly busyTimeoutMs: number;
  readonly busyLimitMs: number;
  /** Between two looks at what a worker can run. */
  readonly inventoryPeriodMs: number;
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
  readonly placement: {
    readonly strategy: Strategy;
    /** The environment or an option says the strategy: nothing at run time changes it. */
    readonly isStrategyFixed: boolean;
    readonly maxAttempts: number;
    /** How often, and how long, tasks with loaded models may go before one without. */
    readonly bypass: { readonly starts: number; readonly ms: number };
    /** A client without a start in a lane for this long is raised a step. */
    readonly agingMs: number;
  };
  readonly workers: readonly WorkerConfig[];
  readonly discovery: DiscoveryConfig;
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
