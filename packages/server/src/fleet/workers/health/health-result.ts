/** What one check found; each kind is told apart for people (HR3). */
export type HealthResult =
  | { kind: 'ok'; latencyMs: number; version: string | null }
  | { kind: 'bad_status'; status: number }
  | { kind: 'refused' }
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
    case 'invalid_body':
    case 'other_process':
    case 'other_server':
    case 'too_old':
    case 'stuck':
      return true;
    case 'ok':
    case 'bad_status':
    case 'refused':
    case 'timeout':
    case 'gone':
    case 'failed':
      return false;
  }
}

/** A sentence for people about one result. */
export function describeHealth(result: HealthResult): string {
  switch (result.kind) {
    case 'ok':
      return `answered in ${Math.round(result.latencyMs)} ms`;
    case 'bad_status':
      return `answered with HTTP status ${result.status}`;
    case 'refused':
      return 'the connection was refused: nothing listens on this address';
    case 'timeout':
      return `no answer within ${result.afterMs} ms`;
    case 'invalid_body':
      return 'something answers on this address, but it is not ComfyUI';
    case 'other_process':
      return 'another ComfyUI than ours answers on this address';
    case 'other_server':
      return `another ComfyUI than before answers on this address (${result.differences.join(', ')}); if that is meant: comfleet workers accept NAME`;
    case 'too_old':
      return `ComfyUI ${result.version ?? 'of unknown version'} is older than ${result.floor}, the first with targeted interrupt`;
    case 'stuck':
      return `takes prompts but runs none: ${result.pending} wait and nothing moved for ${Math.round(result.silentMs / 1000)} s`;
    case 'gone':
      return result.reason;
    case 'failed':
      return result.message;
  }
}
