import { isRecord, readNumber, readString } from '../json/records.ts';

/** One torch device; memory in bytes, null if the server does not report it. On CPU the numbers are those of RAM. */
export interface DeviceStats {
  name: string;
  type: string;
  index: number | null;
  vramTotalBytes: number | null;
  vramFreeBytes: number | null;
  torchVramTotalBytes: number | null;
  torchVramFreeBytes: number | null;
}

/** GET /system_stats (protocol 2.1). `argv` proves which process responds, and leaks paths: do not show it. */
export interface SystemStats {
  comfyuiVersion: string | null;
  pythonVersion: string | null;
  pytorchVersion: string | null;
  os: string | null;
  ramTotalBytes: number | null;
  ramFreeBytes: number | null;
  argv: string[];
  devices: DeviceStats[];
}

/** Reads the response tolerantly: missing parts become null or empty. */
export function readSystemStats(body: Record<string, unknown>): SystemStats {
  const system = isRecord(body['system']) ? body['system'] : {};
  const devices = Array.isArray(body['devices']) ? body['devices'] : [];
  const argv = system['argv'];
  return {
    comfyuiVersion: readString(system, 'comfyui_version') ?? null,
    pythonVersion: readString(system, 'python_version') ?? null,
    pytorchVersion: readString(system, 'pytorch_version') ?? null,
    os: readString(system, 'os') ?? null,
    ramTotalBytes: readNumber(system, 'ram_total') ?? null,
    ramFreeBytes: readNumber(system, 'ram_free') ?? null,
    argv: Array.isArray(argv) ? argv.filter((item) => typeof item === 'string') : [],
    devices: devices.filter(isRecord).map(readDevice),
  };
}

function readDevice(device: Record<string, unknown>): DeviceStats {
  return {
    name: readString(device, 'name') ?? '',
    type: readString(device, 'type') ?? '',
    index: readNumber(device, 'index') ?? null,
    vramTotalBytes: readNumber(device, 'vram_total') ?? null,
    vramFreeBytes: readNumber(device, 'vram_free') ?? null,
    torchVramTotalBytes: readNumber(device, 'torch_vram_total') ?? null,
    torchVramFreeBytes: readNumber(device, 'torch_vram_free') ?? null,
  };
}
