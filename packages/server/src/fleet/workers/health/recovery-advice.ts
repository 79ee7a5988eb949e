import { plainText } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import { isVersion } from '../identity/comfyui-version.ts';
import { describeHealth, type HealthResult } from './health-result.ts';
import type { Recovery } from './recovery.ts';

/** What is wrong and what to do, as texts for users (HR18). */
export function adviseRecovery({
  phase,
  problem,
}: Pick<Recovery, 'phase' | 'problem'>): [problem: FleetText, step: FleetText] {
  return [describeProblem(problem), plainText(INSTEAD[problem.kind] ?? STEPS[phase])];
}

/** The same for users who are not admins: details of a machine may name hosts and folders. */
export function hideMachine<Advice extends { readonly code: string; readonly params: object }>(
  problem: Advice,
): Advice | FleetText {
  const isPlain = Object.values(problem.params).every((value) => typeof value === 'number');
  return isPlain ? problem : plainText('problem.unusable');
}

const STEPS = {
  checking: 'recovery.checking',
  restarting: 'recovery.restarting',
  advised: 'recovery.advised',
  down: 'recovery.down',
} as const satisfies Record<Recovery['phase'], FleetText['code']>;

/** Problems that a restart does not solve. */
const INSTEAD: Partial<
  Record<
    HealthResult['kind'],
    | 'recovery.accept'
    | 'recovery.update'
    | 'recovery.check_address'
    | 'recovery.check_login'
    | 'recovery.check_proxy'
    | 'recovery.by_itself'
  >
> = {
  certificate: 'recovery.by_itself',
  login: 'recovery.check_login',
  needs_https: 'recovery.check_address',
  proxy: 'recovery.check_proxy',
  redirected: 'recovery.check_address',
  web_page: 'recovery.check_address',
  other_server: 'recovery.accept',
  too_old: 'recovery.update',
  invalid_body: 'recovery.check_address',
};

function describeProblem(problem: HealthResult): FleetText {
  switch (problem.kind) {
    case 'certificate':
    case 'login':
    case 'needs_https':
    case 'proxy':
    case 'redirected':
    case 'web_page':
      return { code: 'problem.found', params: { found: describeHealth(problem) } };
    case 'refused':
      return plainText('problem.refused');
    case 'unreachable':
      return plainText('problem.unreachable');
    case 'timeout':
      return { code: 'problem.timeout', params: { ms: problem.afterMs } };
    case 'bad_status':
      return { code: 'problem.bad_status', params: { status: problem.status } };
    case 'invalid_body':
      return plainText('problem.invalid_body');
    case 'other_process':
      return plainText('problem.other_process');
    case 'other_server':
      return { code: 'problem.other_server', params: { differences: problem.differences } };
    case 'too_old':
      return problem.version !== null && isVersion(problem.version)
        ? { code: 'problem.too_old', params: { version: problem.version, floor: problem.floor } }
        : { code: 'problem.found', params: { found: describeHealth(problem) } };
    case 'stuck':
      return { code: 'problem.stuck', params: { pending: problem.pending } };
    case 'gone':
      return { code: 'problem.gone', params: { reason: problem.reason } };
    case 'failed':
      return { code: 'problem.failed', params: { reason: problem.message } };
    case 'ok':
      return plainText('problem.ok');
  }
}
