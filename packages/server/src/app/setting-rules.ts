import { READ_ONLY_REASONS, type ReadOnlyReason } from '@comfleet/contract';
import type { SettingRules } from '../platform/config/run-time-settings.ts';

/**
 * What cannot be changed at run time, by reason, as keys or blocks of keys: a change that keeps everybody out, or opens the
 * server to others, needs access to the machine itself.
 */
const READ_ONLY: Readonly<Record<ReadOnlyReason, readonly string[]>> = {
  address: [
    'server',
    'comfyui.host',
    'comfyui.port',
    'nodes.udp_port',
    'instances.port_range',
    'instances.listen',
  ],
  path: [
    'data_dir',
    'comfyui.input_dir',
    'comfyui.output_dir',
    'comfyui.output_access',
    'workflow_files',
    'instances.repo_path',
    'instances.base_dir',
    'instances.log_dir',
  ],
  database: ['durability', 'database', 'redis'],
  secret: ['auth.secret_key', 'nodes.join_token'],
  objects: ['nodes.dns', 'nodes.static_nodes', 'workers', 'task_types', 'policies'],
  access: ['auth.enable_client_auth', 'auth.oidc'],
  process: ['instances.python', 'instances.extra_args'],
};

/** What decides about people, or what is known about them; everything else is about the fleet and its tasks. */
const ABOUT_PEOPLE = ['auth', 'quotas', 'rate_limits', 'retention.audit_seconds'];

export const SETTING_RULES: SettingRules = {
  readOnly: (key) =>
    READ_ONLY_REASONS.find((reason) => READ_ONLY[reason].some((name) => isWithin(key, name))) ?? null,
  permission: (key) => (ABOUT_PEOPLE.some((name) => isWithin(key, name)) ? 'people.manage' : 'fleet.manage'),
};

function isWithin(key: string, name: string): boolean {
  return key === name || key.startsWith(`${name}.`);
}
