import { type Reply, replyJsonText, replyText } from '../http/reply.ts';
import type { Clock } from '../platform/clock.ts';
import { type FaultScript, readNumber, readText } from './fault-script.ts';

const FIRST_SEEN = new WeakMap<object, Map<string, number>>();

/** Applies the faults of GET /history/{id} to the correct response. */
export function shapeHistoryReply(promptId: string, text: string, faults: FaultScript, clock: Clock): Reply {
  if (isHidden(promptId, text, faults, clock)) return replyJsonText('{}');
  const contradiction = text === '{}' ? undefined : faults.take('history_contradiction', promptId);
  if (contradiction !== undefined) return replyJsonText(contradict(text));
  const fault = faults.take(
    'history_answer',
    promptId,
    (spec) => spec.kind !== 'empty_outputs' || text !== '{}',
  );
  return fault === undefined ? replyJsonText(text) : distort(readText(fault, 'kind', '500'), promptId, text);
}

/** `history_late` with `after_marker`: the entry exists, but is hidden for `ms` after the first request for it. */
function isHidden(promptId: string, text: string, faults: FaultScript, clock: Clock): boolean {
  const late = faults.peek('history_late', promptId);
  if (late === undefined || late.after_marker !== true || text === '{}') return false;
  const seen = FIRST_SEEN.get(late) ?? new Map<string, number>();
  FIRST_SEEN.set(late, seen);
  const firstAt = seen.get(promptId) ?? clock.now();
  seen.set(promptId, firstAt);
  if (clock.now() - firstAt < readNumber(late, 'ms', 1000)) return true;
  faults.take('history_late', promptId);
  return false;
}

/** Makes status_str contradict the messages. */
function contradict(text: string): string {
  return text.includes('"status_str": "success"')
    ? text.replace('"status_str": "success", "completed": true', '"status_str": "error", "completed": false')
    : text.replace('"status_str": "error", "completed": false', '"status_str": "success", "completed": true');
}

function distort(kind: string, promptId: string, text: string): Reply {
  switch (kind) {
    case '404':
      return replyText(404, '404: Not Found');
    case '502_html':
      return {
        status: 502,
        headers: { 'Content-Type': 'text/html' },
        body: '<html><body><h1>502 Bad Gateway</h1></body></html>',
      };
    case 'truncated':
      return replyJsonText(text.slice(0, Math.max(1, Math.floor(text.length / 2))));
    case 'wrong_id':
      return replyJsonText(text.replaceAll(promptId, '00000000-0000-4000-8000-000000000000'));
    case 'empty_outputs':
      return replyJsonText(text.replace(/"outputs": \{.*?\}, "status": /s, '"outputs": {}, "status": '));
    case 'nan':
      return replyJsonText(text.replace('"outputs": {', '"score": NaN, "outputs": {'));
    default:
      return replyText(500, '500 Internal Server Error\n\nServer got itself in trouble');
  }
}
