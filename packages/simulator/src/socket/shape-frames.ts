import { type FaultScript, type FaultSpec, readNumber, readText } from '../faults/fault-script.ts';
import type { Clock } from '../platform/clock.ts';
import type { Frame } from './socket-hub.ts';

const TERMINAL = new Set(['execution_success', 'execution_error', 'execution_interrupted']);

/** Names a frame as fault scripts do: its type, `end_marker`, `terminal`, `completion`, `binary` or `all`. */
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
const HELD = new WeakMap<FaultScript, HeldFrames>();

/** Applies the active socket faults to one frame: nothing, one or several frames come out. */
export function shapeFrames(
  frame: Frame,
  faults: FaultScript,
  clock: Clock,
  sendLater: (frame: Frame) => void,
): readonly Frame[] {
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
    return before === undefined ? [] : [before];
  }
  if (frame.type === 'end_marker' && faults.take('ws_null_without_id', promptId) !== undefined) {
    return releaseHeld(faults, [{ ...frame, data: '{"type": "executing", "data": {"node": null}}' }]);
  }
  return releaseHeld(faults, [frame]);
}

function takeHeld(faults: FaultScript): Frame | undefined {
  const held = HELD.get(faults)?.held;
  HELD.delete(faults);
  return held;
}

/** A reordered frame comes right after the next one. */
function releaseHeld(faults: FaultScript, frames: readonly Frame[]): readonly Frame[] {
  const held = takeHeld(faults);
  return held === undefined ? frames : [...frames, held];
}
