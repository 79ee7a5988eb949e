import type { FollowerReport, SubmitReport } from '@comfleet/comfyui';
import { failpoint } from '../../platform/lifecycle/failpoints.ts';
import type { Logger } from '../../platform/logging/logger.ts';

/** Logs the steps of a submission and passes their failpoints. */
export function reportSubmit(logger: Logger, promptId: string): (report: SubmitReport) => void {
  const reportFailure = reportLookupFailure(logger, promptId);
  return (report) => {
    switch (report.kind) {
      case 'handed_over':
        return failpoint('post_handed_over');
      case 'unclear':
        return logger.warn('prompt.unclear', { promptId, error: report.cause });
      case 'lookup_failed':
        return reportFailure(report.cause);
    }
  };
}

/** Logs the steps of following and passes their failpoints. */
export function reportFollowing(logger: Logger, promptId: string): (report: FollowerReport) => void {
  return (report) => {
    switch (report.kind) {
      case 'asking':
        if (report.ask === 'history' && report.phase === 'ending') failpoint('before_history');
        return;
      case 'ask_failed': {
        // A silent worker is for the health check to report.
        const { ask, cause } = report;
        return logger.debug('prompt.check_failed', { promptId, ask, error: cause });
      }
      case 'history_empty':
        return logger.debug('history.empty', { promptId });
      case 'end_announced':
      case 'ended':
        return; // the end of the attempt is logged
    }
  };
}

/** Logs why a lookup failed; its result only says that the worker is unreachable. */
export function reportLookupFailure(logger: Logger, promptId: string): (cause: unknown) => void {
  return (cause) => logger.debug('prompt.lookup_failed', { promptId, error: cause });
}
