import type { CertificateFault } from '@comfleet/comfyui';
import { plainText } from '@comfleet/contract';
import type { FleetReason, FleetText } from '@comfleet/contract/texts/fleet';
import { isVersion } from '../identity/comfyui-version.ts';

/** Result of one check; every kind has its own text for users (HR3). */
export type HealthResult =
  | { kind: 'ok'; latencyMs: number; version: string | null }
  | { kind: 'bad_status'; status: number }
  /** The server's certificate is not accepted. */
  | { kind: 'certificate'; fault: CertificateFault; host: string }
  /** The server, or a proxy in front of it, requires a login, or rejects ours (`sent`). */
  | { kind: 'login'; status: number; sent: boolean }
  /** Plain http was sent to an https port. */
  | { kind: 'needs_https' }
  /** A proxy answers, but cannot reach ComfyUI. */
  | { kind: 'proxy'; status: number }
  /** A proxy redirects, to its login page or from http to https. `to` has no query. */
  | { kind: 'redirected'; to: string }
  /** The answer is a web page instead of data. */
  | { kind: 'web_page' }
  /** The host refuses connections on the port. */
  | { kind: 'refused' }
  /** The host or the network is down. */
  | { kind: 'unreachable' }
  | { kind: 'timeout'; afterMs: number }
  /** Another program than ComfyUI answers on the port (HR2). */
  | { kind: 'invalid_body' }
  /** A ComfyUI, but not the expected process. */
  | { kind: 'other_process' }
  /** A ComfyUI, but another one than before at this address. */
  | { kind: 'other_server'; differences: readonly FleetText[] }
  /** Its version lacks features that we rely on, or cannot be read and so is not known to have them. */
  | { kind: 'too_old'; version: string | null; floor: string }
  /** It accepts prompts, but runs none of them. */
  | { kind: 'stuck'; pending: number; silentMs: number }
  /** The process was seen to end. */
  | { kind: 'gone'; reason: FleetReason }
  | { kind: 'failed'; message: FleetReason };

/** True when a server answers that we cannot use. */
export function isUnusable(result: HealthResult): boolean {
  switch (result.kind) {
    case 'certificate':
    case 'login':
    case 'needs_https':
    case 'redirected':
    case 'web_page':
    case 'invalid_body':
    case 'other_process':
    case 'other_server':
    case 'too_old':
    case 'stuck':
      return true;
    case 'ok':
    case 'bad_status':
    case 'proxy':
    case 'refused':
    case 'unreachable':
    case 'timeout':
    case 'gone':
    case 'failed':
      return false;
  }
}

function describeVersion({ version, floor }: Extract<HealthResult, { kind: 'too_old' }>): FleetText {
  if (version === null || version.trim() === '') return { code: 'check.too_old_unknown', params: { floor } };
  return isVersion(version)
    ? { code: 'check.too_old', params: { version, floor } }
    : { code: 'check.version_unreadable', params: { version, floor } };
}

/** The result of a check as text for users. */
export function describeHealth(result: HealthResult): FleetText {
  switch (result.kind) {
    case 'ok':
      return { code: 'check.ok', params: { ms: Math.round(result.latencyMs) } };
    case 'bad_status':
      return { code: 'check.bad_status', params: { status: result.status } };
    case 'certificate': {
      const { problem, code, names = '?' } = result.fault;
      return { code: 'check.certificate', params: { host: result.host, problem, code, names } };
    }
    case 'login':
      return { code: 'check.login', params: { status: result.status, login: result.sent ? 'sent' : 'none' } };
    case 'needs_https':
      return plainText('check.needs_https');
    case 'proxy':
      return { code: 'check.proxy', params: { status: result.status } };
    case 'redirected':
      return { code: 'check.redirected', params: { to: result.to } };
    case 'web_page':
      return plainText('check.web_page');
    case 'refused':
      return plainText('check.refused');
    case 'unreachable':
      return plainText('check.unreachable');
    case 'timeout':
      return { code: 'check.timeout', params: { ms: result.afterMs } };
    case 'invalid_body':
      return plainText('check.invalid_body');
    case 'other_process':
      return plainText('check.other_process');
    case 'other_server':
      return { code: 'check.other_server', params: { differences: result.differences } };
    case 'too_old':
      return describeVersion(result);
    case 'stuck': {
      const params = { pending: result.pending, seconds: Math.round(result.silentMs / 1000) };
      return { code: 'check.stuck', params };
    }
    case 'gone':
      return { code: 'check.gone', params: { reason: result.reason } };
    case 'failed':
      return { code: 'check.failed', params: { reason: result.message } };
  }
}
