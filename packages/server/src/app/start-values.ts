import type { RawConfig } from './settings.ts';

/** Values that are read once at the start, by their key in the file: changing them requires a restart. */
export function listStartValues(
  raw: Omit<RawConfig, 'comfyui'> & { comfyui: NonNullable<RawConfig['comfyui']> },
): Record<string, unknown> {
  const { comfyui, nodes, limits } = raw;
  return {
    server: raw.server,
    data_dir: raw.data_dir,
    time_zone: raw.time_zone,
    durability: raw.durability,
    database: raw.database,
    redis: raw.redis,
    'auth.enable_client_auth': raw.auth.enable_client_auth,
    'auth.secret_key': raw.auth.secret_key,
    'auth.oidc': raw.auth.oidc,
    'limits.json_body_bytes': limits.json_body_bytes,
    'limits.graph_body_bytes': limits.graph_body_bytes,
    'limits.open_body_bytes': limits.open_body_bytes,
    'limits.json_values': limits.json_values,
    'limits.json_members': limits.json_members,
    'limits.json_depth': limits.json_depth,
    instances: raw.instances,
    'comfyui.input_dir': comfyui.input_dir,
    'comfyui.output_dir': comfyui.output_dir,
    'comfyui.output_access': comfyui.output_access,
    'nodes.udp_port': nodes.udp_port,
    'nodes.health_check': nodes.health_check,
  };
}
