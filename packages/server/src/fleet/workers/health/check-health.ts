import { ComfyError, type HttpResponse, type HttpTransport, parseTolerantJson } from '@comfleet/comfyui';
import { plainText } from '@comfleet/contract';
import { toError } from '../../../platform/errors/app-error.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import { isBelowVersion } from '../identity/comfyui-version.ts';
import { parseSystemStats, type ServerStats } from '../inventory/inventory.ts';
import type { HealthResult } from './health-result.ts';

export interface CheckOptions {
  transport: HttpTransport;
  clock: Clock;
  url: string;
  timeoutMs: number;
  /** Lowest accepted version; null accepts any. */
  versionFloor: string | null;
  /** Text that its reported argv must contain; null accepts any process. */
  marker: string | null;
  /** True when the transport sends a login. */
  hasLogin?: boolean;
  signal: AbortSignal;
}

/** The classified result, and what a healthy server reports about itself. */
export interface HealthReading {
  result: HealthResult;
  /** Null unless the result is ok. */
  stats: ServerStats | null;
}

const MAX_STATS_BYTES = 1024 * 1024;

/** One classified GET /system_stats. Never throws: a failure is part of the result (HR3). */
export async function checkHealth(options: CheckOptions): Promise<HealthReading> {
  const { transport, clock, url, timeoutMs, signal } = options;
  const startedMs = clock.monotonicMs();
  try {
    const response = await transport.request({
      method: 'GET',
      url: `${url}/system_stats`,
      timeoutMs,
      maxBytes: MAX_STATS_BYTES,
      signal,
    });
    const text = await response.text();
    if (response.status !== 200) return toReading(classifyRefusal(response, text, options));
    return classifyBody(text, clock.monotonicMs() - startedMs, options);
  } catch (thrown) {
    return toReading(classifyFailure(thrown, options));
  }
}

/** Classifies an answer that ComfyUI itself never gives here; most come from a proxy in front of it. */
function classifyRefusal(
  { status, headers }: Pick<HttpResponse, 'status' | 'headers'>,
  text: string,
  { url, hasLogin = false }: CheckOptions,
): HealthResult {
  if (status === 401 || status === 403 || status === 407) return { kind: 'login', status, sent: hasLogin };
  if (status === 502 || status === 503 || status === 504) return { kind: 'proxy', status };
  if (status >= 300 && status < 400) return { kind: 'redirected', to: readTarget(headers.location, url) };
  if (status === 400 && SENT_HTTP.test(text)) return { kind: 'needs_https' };
  return { kind: 'bad_status', status };
}

/** The wording of nginx, Apache and Go's servers. */
const SENT_HTTP =
  /plain http request was sent to https|speaking plain http to an ssl|http request to an https/i;

const MAX_TARGET_LENGTH = 200;

/** The target without its query, which may contain credentials. */
function readTarget(location: string | undefined, base: string): string {
  if (location === undefined || !URL.canParse(location, base)) return '?';
  const { origin, pathname } = new URL(location, base);
  return `${origin}${pathname}`.slice(0, MAX_TARGET_LENGTH);
}

function toReading(result: HealthResult): HealthReading {
  return { result, stats: null };
}

function classifyBody(
  text: string,
  latencyMs: number,
  { versionFloor: floor, marker }: CheckOptions,
): HealthReading {
  const stats = parseSystemStats(readJson(text));
  if (stats === null)
    return toReading({ kind: /^\s*<(!doctype|html)/i.test(text) ? 'web_page' : 'invalid_body' });
  if (marker !== null && !stats.argv.includes(marker)) return toReading({ kind: 'other_process' });
  const { version } = stats;
  if (floor !== null && isBelowVersion(version, floor)) return toReading({ kind: 'too_old', version, floor });
  return { result: { kind: 'ok', latencyMs, version }, stats };
}

function readJson(text: string): unknown {
  try {
    return parseTolerantJson(text);
  } catch {
    return null; // not JSON: classified as a foreign server's body, like any other wrong shape
  }
}

function classifyFailure(thrown: unknown, { url, timeoutMs }: CheckOptions): HealthResult {
  if (thrown instanceof ComfyError) {
    const { certificate } = thrown.details;
    if (certificate) return { kind: 'certificate', fault: certificate, host: new URL(url).host };
    if (thrown.code === 'CONNECTION_REFUSED')
      return { kind: thrown.details.portClosed ? 'refused' : 'unreachable' };
    if (thrown.code === 'TIMEOUT') return { kind: 'timeout', afterMs: timeoutMs };
    if (thrown.code === 'RESET') return { kind: 'failed', message: plainText('problem.broken') };
    if (thrown.code === 'TOO_LARGE' || thrown.code === 'INVALID_BODY') return { kind: 'invalid_body' };
  }
  return { kind: 'failed', message: toError(thrown).message };
}
