/** What is done against a prompt that hangs, in this order. */
export type EscalationStep = 'cancel' | 'free_memory' | 'restart';

export type EscalationState =
  | { kind: 'watching' }
  /** The step was taken; its effect is waited for. */
  | { kind: 'trying'; step: EscalationStep }
  /** `stopped`: the worker no longer has the prompt. `left`: nothing helped, the prompt may go on there. */
  | { kind: 'over'; outcome: 'stopped' | 'left' };

export type EscalationEvent =
  /** Silent, or running, beyond the limit. */
  | { type: 'limit_exceeded' }
  | { type: 'gone' }
  /** The step could not be taken, or its wait is over. */
  | { type: 'still_there'; canRestart: boolean };

/**
 * | state              | limit_exceeded | gone    | still_there                         |
 * |--------------------|----------------|---------|-------------------------------------|
 * | watching           | cancel         | –       | –                                   |
 * | trying cancel      | –              | stopped | free_memory                         |
 * | trying free_memory | –              | stopped | restart when it is ours, else left  |
 * | trying restart     | –              | stopped | left                                |
 * | over               | –              | –       | –                                   |
 *
 * Pure; an event without a cell leaves the state as it is. What follows `over` is the next worker (design: a hang
 * escalates).
 */
export function nextEscalation(state: EscalationState, event: EscalationEvent): EscalationState {
  if (state.kind === 'watching')
    return event.type === 'limit_exceeded' ? { kind: 'trying', step: 'cancel' } : state;
  if (state.kind === 'over' || event.type === 'limit_exceeded') return state;
  if (event.type === 'gone') return { kind: 'over', outcome: 'stopped' };
  switch (state.step) {
    case 'cancel':
      return { kind: 'trying', step: 'free_memory' };
    case 'free_memory':
      return event.canRestart ? { kind: 'trying', step: 'restart' } : { kind: 'over', outcome: 'left' };
    case 'restart':
      return { kind: 'over', outcome: 'left' };
    default: {
      const unknownStep: never = state.step;
      return unknownStep;
    }
  }
}
