import { join } from 'node:path';
import { plainText } from '@comfleet/contract';
import { DEFINITION_TEXTS } from '@comfleet/contract/texts/definitions';
import { z } from 'zod';
import { path } from '../../platform/config/fields.ts';
import { isLoopbackHost } from '../../platform/config/sample-secret.ts';
import type { Findings } from '../../platform/config/settings.ts';

const LOOPBACK = '127.0.0.1';

/** The `instances` block. */
export const instancesSchema = z.strictObject({
  repo_path: path('Folder of a ComfyUI to start and supervise.').optional(),
  python: z
    .string()
    .min(1)
    .optional()
    .describe("Python to run it with; default: the folder's own, else python3."),
  port_range: z
    .string()
    .regex(/^\d{1,5}-\d{1,5}$/, DEFINITION_TEXTS.en['config.ports'])
    .default('8200-8299')
    .describe('Ports for started ComfyUIs.'),
  listen: z
    .string()
    .default(LOOPBACK)
    .describe('Address that a started ComfyUI listens on; loopback only, as it has no login.'),
  startup_timeout_seconds: z.number().positive().default(240).describe('Seconds that a start may take.'),
  heartbeat_interval_seconds: z
    .number()
    .nonnegative()
    .default(30)
    .describe('Seconds between two records that a process responds; 0 for never.'),
  base_dir: path('Folder for the files of each instance; default data_dir/instances.').optional(),
  log_dir: path('Folder for the logs of started ComfyUIs; default data_dir/logs.').optional(),
  extra_args: z.array(z.string()).prefault([]).describe('Further arguments for ComfyUI, such as --cpu.'),
});
type RawInstances = z.infer<typeof instancesSchema>;

/** Environment variables that ComfyUI users know. */
export const INSTANCE_ENVIRONMENT = {
  COMFYUI_REPO_PATH: ['instances', 'repo_path'],
  COMFYUI_PYTHON: ['instances', 'python'],
  COMFYUI_PORT_RANGE: ['instances', 'port_range'],
  COMFYUI_LISTEN: ['instances', 'listen'],
  COMFYUI_STARTUP_TIMEOUT_SECONDS: ['instances', 'startup_timeout_seconds'],
  COMFYUI_HEARTBEAT_INTERVAL_SECONDS: ['instances', 'heartbeat_interval_seconds'],
  COMFYUI_INSTANCE_BASE_DIR: ['instances', 'base_dir'],
  COMFYUI_LOG_DIR: ['instances', 'log_dir'],
};

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

export function checkInstances(raw: RawInstances, findings: Findings): void {
  const { first, last } = parsePortRange(raw.port_range);
  if (first < 1 || last > 65_535 || first > last) {
    findings.refuse('instances.port_range', plainText('config.ports_order'));
  }
  if (!isLoopbackHost(raw.listen)) {
    findings.refuse('instances.listen', plainText('config.listen'));
  }
}

export function compileInstances(raw: RawInstances, dataDir: string): InstancesConfig {
  return {
    repoPath: raw.repo_path ?? null,
    python: raw.python ?? null,
    portRange: parsePortRange(raw.port_range),
    listen: isLoopbackHost(raw.listen) ? raw.listen : LOOPBACK,
    startupTimeoutMs: raw.startup_timeout_seconds * 1000,
    heartbeatIntervalMs: raw.heartbeat_interval_seconds * 1000,
    baseDir: raw.base_dir ?? join(dataDir, 'instances'),
    logDir: raw.log_dir ?? join(dataDir, 'logs'),
    extraArgs: raw.extra_args,
  };
}

function parsePortRange(text: string): { first: number; last: number } {
  const [first = 0, last = 0] = text.split('-').map(Number);
  return { first, last };
}
