import { type FaultScript, type FaultSpec, readNumber, readText } from '../faults/fault-script.ts';
import type { Clock } from '../platform/clock.ts';
import type { Frame } from './socket-hub.ts';

const TERMINAL = new Set(['execution_success', 'execution_error', 'execution_interrupted']);

/** True if a fault script's name matches the frame: its type, `end_marker`, `terminal`, `completion`, `binary` or `all`. */
export function isFrameNamed(frame: Frame, name: string): boolean {
  switch (name) {
    case 'all':
      return true;
    case 'end_marker':
      return frame.type === 'end_marker';
    case 'terminal':
      return TERMINAL.has(frame.type);
    case 'completion':
      return frame.type === 'end_marker' || TERMINAL.has(frame.type);
    case 'binary':
      return typeof frame.data !== 'string';
    default:
      return frame.type === name;
  }
}

interface HeldFrames {
  held: Frame | undefined;
}
/** A reordered frame without a successor is sent alone after this time. */
const MAX_HOLD_MS = 100;
const HELD = new WeakMap<FaultScript, HeldFrames>();

/** Applies the active socket faults to one frame: returns none, one or several frames. */
export function shapeFrames(
  frame: Frame,
  faults: FaultScript,
  clock: Clock,
  sendLater: (frame: Frame) => void,
): readonly Frame[] {
  const foreign = faults.peek('interleaved_progress', frame.promptId);
  if (foreign !== undefined && (frame.type === 'progress' || isFrameNamed(frame, 'completion'))) {
    sendLater(rename(frame, readText(foreign, 'foreign_id', '00000000-0000-4000-8000-000000000000')));
  }
  const hits = (spec: FaultSpec): boolean => isFrameNamed(frame, readText(spec, 'frame', 'completion'));
  const { promptId } = frame;
  if (faults.take('ws_drop', promptId, hits) !== undefined) return releaseHeld(faults, []);
  const late = faults.take('ws_late_event', promptId, hits);
  if (late !== undefined) {
    void clock.sleep(readNumber(late, 'ms', 1000)).then(() => sendLater(frame));
    return releaseHeld(faults, [frame]);
  }
  const copies = faults.take('ws_duplicate', promptId, hits);
  if (copies !== undefined) {
    return releaseHeld(
      faults,
      Array.from({ length: readNumber(copies, 'copies', 2) }, () => frame),
    );
  }
  if (faults.take('ws_reorder', promptId, hits) !== undefined) {
    const before = takeHeld(faults);
    HELD.set(faults, { held: frame });
    void clock.sleep(MAX_HOLD_MS).then(() => {
      if (HELD.get(faults)?.held === frame) for (const late of releaseHeld(faults, [])) sendLater(late);
    });
    return before === undefined ? [] : [before];
  }
  if (frame.type === 'end_marker' && faults.take('ws_null_without_id', promptId) !== undefined) {
    return releaseHeld(faults, [{ ...frame, data: '{"type": "executing", "data": {"node": null}}' }]);
  }
  return releaseHeld(faults, [frame]);
}

/** True if a frame is held back to be sent after the next one. */
export function hasHeldFrame(faults: FaultScript): boolean {
  return HELD.has(faults);
}

function takeHeld(faults: FaultScript): Frame | undefined {
  const held = HELD.get(faults)?.held;
  HELD.delete(faults);
  return held;
}

/** Releases the frame that was held back: it follows the next one. */
function releaseHeld(faults: FaultScript, frames: readonly Frame[]): readonly Frame[] {
  const held = takeHeld(faults);
  return held === undefined ? frames : [...frames, held];
}

/** The same frame with the id of another prompt. */
function rename(frame: Frame, promptId: string): Frame {
  if (typeof frame.data !== 'string' || frame.promptId === undefined) return frame;
  return { ...frame, data: frame.data.replaceAll(frame.promptId, promptId), promptId };
}
