import type { CertificateFault } from '@comfleet/comfyui';
import { plainText } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';

/** What one check found; each kind is told apart for people (HR3). */
export type HealthResult =
  | { kind: 'ok'; latencyMs: number; version: string | null }
  | { kind: 'bad_status'; status: number }
  /** Reached, but its certificate is not accepted. */
  | { kind: 'certificate'; fault: CertificateFault; host: string }
  /** It, or a proxy before it, asks for a login, or refuses ours (`sent`). */
  | { kind: 'login'; status: number; sent: boolean }
  /** Plain http was sent to a port of https. */
  | { kind: 'needs_https' }
  /** A proxy answers that does not reach ComfyUI. */
  | { kind: 'proxy'; status: number }
  /** A proxy sends us elsewhere: to its login page, or from http to https. `to` is without query. */
  | { kind: 'redirected'; to: string }
  /** A page for browsers instead of data. */
  | { kind: 'web_page' }
  /** The host says that nobody listens on the port. */
  | { kind: 'refused' }
  /** The host was not reached: it is down, or the network is. */
  | { kind: 'unreachable' }
  | { kind: 'timeout'; afterMs: number }
  /** A stranger on the port, not ComfyUI (HR2). */
  | { kind: 'invalid_body' }
  /** A ComfyUI, but not the process that should be there. */
  | { kind: 'other_process' }
  /** A ComfyUI, but another one than before on this address. */
  | { kind: 'other_server'; differences: readonly string[] }
  /** Answers well, but its version lacks what we rely on. */
  | { kind: 'too_old'; version: string | null; floor: string }
  /** Answers and takes prompts, but runs none of them. */
  | { kind: 'stuck'; pending: number; silentMs: number }
  /** The process was seen to end. */
  | { kind: 'gone'; reason: string }
  | { kind: 'failed'; message: string };

/** True when something answers, but not a server for us. */
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

/** What one check found, for people. */
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
      return { code: 'check.other_server', params: { differences: result.differences.join(', ') } };
    case 'too_old': {
      const { version, floor } = result;
      return version === null
        ? { code: 'check.too_old_unknown', params: { floor } }
        : { code: 'check.too_old', params: { version, floor } };
    }
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
