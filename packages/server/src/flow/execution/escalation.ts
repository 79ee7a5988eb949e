/** Steps against a prompt that hangs, in this order. */
export type EscalationStep = 'cancel' | 'free_memory' | 'restart';

export type EscalationState =
  | { kind: 'watching' }
  /** The step was taken, and its effect is awaited. */
  | { kind: 'trying'; step: EscalationStep }
  /** `stopped`: the worker no longer has the prompt. `left`: nothing helped, so the prompt may still run there. */
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
 * Pure; events marked – are ignored. After `over` the task goes to the next worker.
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
