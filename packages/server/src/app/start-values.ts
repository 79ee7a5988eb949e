import type { RawConfig } from './settings.ts';

/** Values that are read once at the start, by their key in the file: changing them requires a restart. */
export function listStartValues(
  raw: Omit<RawConfig, 'comfyui'> & { comfyui: NonNullable<RawConfig['comfyui']> },
): Record<string, unknown> {
  const { comfyui, nodes } = raw;
  return {
    server: raw.server,
    data_dir: raw.data_dir,
    time_zone: raw.time_zone,
    durability: raw.durability,
    database: raw.database,
    redis: raw.redis,
    auth: raw.auth,
    limits: raw.limits,
    retention: raw.retention,
    logging: raw.logging,
    instances: raw.instances,
    'comfyui.timeout': comfyui.timeout,
    'comfyui.preview_method': comfyui.preview_method,
    'comfyui.input_dir': comfyui.input_dir,
    'comfyui.output_dir': comfyui.output_dir,
    'nodes.udp_port': nodes.udp_port,
    'nodes.health_check': nodes.health_check,
    'nodes.load_balancing.enable_failover': nodes.load_balancing.enable_failover,
    'nodes.load_balancing.max_retries': nodes.load_balancing.max_retries,
    'nodes.load_balancing.failover_seconds': nodes.load_balancing.failover_seconds,
  };
}
