import type { FollowerReport } from '../prompt/prompt-follower.ts';
import type { SessionLog } from './session-events.ts';

/** Converts a follower's report to a log step; null for what every poll reports. */
export function toSessionLog(promptId: string, report: FollowerReport): SessionLog | null {
  switch (report.kind) {
    case 'end_announced':
      return { step: 'end_seen', promptId, message: report.reason };
    case 'ask_failed':
      return { step: 'check_failed', promptId, message: 'check_failed', cause: report.cause };
    case 'ended':
      return report.wasAnnounced
        ? null
        : { step: 'finished_by_check', promptId, message: 'finished_by_check' };
    case 'asking':
    case 'history_empty':
      return null;
    default: {
      const unknownReport: never = report;
      return unknownReport;
    }
  }
}
