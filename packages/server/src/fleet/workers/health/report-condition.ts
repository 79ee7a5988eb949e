import { type FleetText, toFleetSentence } from '@comfleet/contract/texts/fleet';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { ChangeFacts, WorkerChangeType } from '../worker-snapshot.ts';
import { adviseRecovery } from './recovery-advice.ts';
import type { ConditionChange } from './worker-condition.ts';

export interface ReportDeps {
  logger: Logger;
  onChange: (type: WorkerChangeType, cause: FleetText, facts?: ChangeFacts) => void;
  requestRestart: (reason: FleetText) => void;
}

/** Reports changes of a condition to the log and to listeners of the fleet. */
export function reportCondition(
  change: ConditionChange,
  { logger, onChange, requestRestart }: ReportDeps,
): void {
  switch (change.type) {
    case 'online': {
      const { cause, downMs } = change;
      logger.info('worker.online', { cause: toFleetSentence(cause), downMs });
      onChange('worker.online', cause, downMs === null ? {} : { durationMs: downMs });
      break;
    }
    case 'offline':
    case 'error':
    case 'ejected':
      logger.warn(`worker.${change.type}`, { cause: toFleetSentence(change.cause) });
      onChange(`worker.${change.type}`, change.cause);
      break;
    case 'closed':
      onChange('worker.changed', change.cause);
      break;
    case 'recovery': {
      const { phase } = change.recovery;
      logger.warn('worker.recovery', { phase });
      const [problem, step] = adviseRecovery(change.recovery);
      const cause: FleetText = { code: 'recovery.begins', params: { problem, step } };
      onChange('worker.recovery', cause, { details: { phase } });
      break;
    }
    case 'restart_requested':
      requestRestart(change.cause);
      break;
  }
}
