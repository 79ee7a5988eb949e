import { existsSync } from 'node:fs';
import { ComfyError } from '../http/comfy-error.ts';
import { ComfyHttp } from '../http/comfy-http.ts';
import type { HttpTransport } from '../http/http-transport.ts';

/** Address and timeout of one server. */
export interface ServerSettings {
  /** Null: not given; then 127.0.0.1, and inside a container also host.docker.internal. */
  host: string | null;
  port: number;
  timeoutMs: number;
}

/**
 * Settings of one server: arguments, else COMFYUI_HOST, COMFYUI_PORT and COMFYUI_TIMEOUT (seconds), else port 8188 and 900 s.
 * Throws RangeError for a port or timeout that is no number.
 */
export function readServerSettings(
  given: { host?: string; port?: number; timeoutMs?: number },
  environment: Readonly<Record<string, string | undefined>>,
): ServerSettings {
  const timeoutSeconds = readPositive('COMFYUI_TIMEOUT', environment);
  return {
    host: given.host ?? (environment['COMFYUI_HOST'] || null),
    port: given.port ?? readPositive('COMFYUI_PORT', environment) ?? 8188,
    timeoutMs: given.timeoutMs ?? (timeoutSeconds === null ? 900_000 : timeoutSeconds * 1000),
  };
}

function readPositive(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): number | null {
  const text = environment[name];
  if (text === undefined || text === '') return null;
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new RangeError(`${name} is not a positive number: ${text}`);
  return value;
}

/** Base URLs to try, in order. */
export function listBaseUrls(settings: ServerSettings, inContainer = existsSync('/.dockerenv')): string[] {
  const { host, port } = settings;
  const hosts = host !== null ? [host] : inContainer ? ['127.0.0.1', 'host.docker.internal'] : ['127.0.0.1'];
  return hosts.map((name) => `http://${name.includes(':') ? `[${name}]` : name}:${port}`);
}

/** The first base URL at which a server responds; the first one if none does. */
export async function findServer(baseUrls: readonly string[], transport: HttpTransport): Promise<string> {
  const [first = '', ...others] = baseUrls;
  if (others.length === 0) return first;
  for (const baseUrl of baseUrls) {
    try {
      await new ComfyHttp({ baseUrl, transport }).loadQueueRemaining({ timeoutMs: 3000 });
      return baseUrl;
    } catch (error) {
      // No server here: try the next address.
      if (!(error instanceof ComfyError)) throw error;
    }
  }
  return first;
}
