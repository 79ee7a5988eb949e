import { type FaultSpec, readNumber } from '../faults/fault-script.ts';
import { type Writable, writeJson } from '../json/lossless-json.ts';
import { isSince } from '../profile.ts';
import { type Reply, replyJson, type SimRequest } from './reply.ts';
import type { ServerState } from './server-state.ts';

const RAM_TOTAL = 25276502016;
const RAM_FREE = 24024485888;

const PACKAGES = {
  required_frontend_version: '1.27.10',
  installed_templates_version: '0.1.95',
  required_templates_version: '0.1.95',
};
const PACKAGES_033 = {
  required_frontend_version: '1.49.6',
  installed_templates_version: '0.11.44',
  required_templates_version: '0.11.44',
  comfy_package_versions: [
    { name: 'comfyui-frontend-package', installed: '1.49.6', required: '1.49.6' },
    { name: 'comfyui-workflow-templates', installed: '0.11.44', required: '0.11.44' },
    { name: 'comfyui-embedded-docs', installed: '0.5.10', required: '0.5.10' },
    { name: 'comfy-kitchen', installed: '0.2.31', required: '0.2.31' },
    { name: 'comfy-aimdo', installed: '0.4.13', required: '0.4.13' },
  ],
};

/** GET /system_stats. */
export async function describeSystem(_request: SimRequest, state: ServerState): Promise<Reply> {
  const fault = state.faults.take('system_stats');
  if (fault?.kind === 'slow') await state.options.clock.sleep(readNumber(fault, 'ms', 10_000));
  const impostor = state.faults.peek('identity');
  const argv = Array.isArray(impostor?.argv) ? impostor.argv.map(String) : [...state.options.argv];
  const isNew = isSince(state.options.version, '0.33');
  const system = {
    os: isNew ? 'linux' : 'posix',
    ram_total: RAM_TOTAL,
    ram_free: RAM_FREE,
    comfyui_version: state.options.versionText,
    ...(isNew ? PACKAGES_033 : PACKAGES),
    python_version: '3.11.7 (simulated)',
    pytorch_version: '2.14.1+simulated',
    embedded_python: false,
    ...(isNew && { deploy_environment: 'local-git' }),
    argv,
  };
  return replyJson(shapeDevices(system, describeDevice(state), fault));
}

function describeDevice(state: ServerState): Record<string, Writable> {
  const total = state.options.vramTotal;
  const free = Math.max(0, total - state.models.usedMegabytes() * 1024 * 1024);
  return {
    name: 'cuda:0 Simulated GPU : cudaMallocAsync',
    type: 'cuda',
    index: 0,
    vram_total: total,
    vram_free: free,
    torch_vram_total: total - free,
    torch_vram_free: 0,
  };
}

function shapeDevices(
  system: Record<string, Writable>,
  device: Record<string, Writable>,
  fault: FaultSpec | undefined,
): Writable {
  switch (fault?.kind) {
    case 'no_devices':
      return { system };
    case 'vram_null':
      return { system, devices: [{ ...device, vram_total: null, vram_free: null }] };
    case 'cpu':
      return {
        system,
        devices: [
          { ...device, name: 'cpu', type: 'cpu', index: null, vram_total: RAM_TOTAL, vram_free: RAM_FREE },
        ],
      };
    default:
      return { system, devices: [device] };
  }
}

/** The server's features, over HTTP and as the reply to `feature_flags`. `--feature-flag` adds to them. */
export function describeFeatures({ options }: Pick<ServerState, 'options'>): string {
  if (!isSince(options.version, '0.33'))
    return `{"supports_preview_metadata": true, "max_upload_size": ${options.maxUploadBytes}}`;
  return writeJson({
    ...options.featureFlags,
    supports_preview_metadata: true,
    supports_model_type_tags: true,
    max_upload_size: options.maxUploadBytes,
    extension: { manager: { supports_v4: true } },
    node_replacements: true,
    assets: false,
  });
}
