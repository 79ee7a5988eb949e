/** Faults that are performed when their moment is reached. */
export const ACTION_FAULTS = [
  'crash',
  'restart',
  'reboot',
  'block_loop',
  'worker_dead',
  'delete_prompt',
  'clear_queue',
  'clear_history',
  'interrupt_all',
  'hide_class',
  'hide_model',
  'ws_close',
  'ws_reset',
  'ws_half_open',
  'ws_deaf',
  'ws_flood',
  'ws_huge_frame',
  'ws_invalid_json',
  'ws_unknown_type',
  'ws_foreign_end',
] as const;

/** Faults that change how the server behaves while they are active. */
export const MODE_FAULTS = [
  'freeze',
  'slow',
  'out_of_memory',
  'node_error',
  'validation_error',
  'disk_full',
  'duplicate_completion',
  'interleaved_progress',
  'identity',
  'ws_stall',
  'ws_refuse',
  'ws_drop',
  'ws_duplicate',
  'ws_reorder',
  'ws_null_without_id',
  'ws_late_event',
  'end_late',
  'history_late',
  'history_answer',
  'history_contradiction',
  'prompt_response_lost',
  'prompt_delayed',
  'prompt_500_queued',
  'prompt_500',
  'drip',
  'endless_body',
  'huge_body',
  'queue_huge',
  'system_stats',
  'redirect',
  'view_broken',
  'view_gone',
  'view_bit_flip',
  'output_name',
  'many_files',
  'big_file',
  'nan_in_json',
] as const;

export type ActionFault = (typeof ACTION_FAULTS)[number];
export type ModeFault = (typeof MODE_FAULTS)[number];
export type FaultName = ActionFault | ModeFault;

const ACTIONS: ReadonlySet<string> = new Set(ACTION_FAULTS);
const ALL: ReadonlySet<string> = new Set([...ACTION_FAULTS, ...MODE_FAULTS]);

/** True if the fault is performed; false if it changes behaviour while active. */
export function isActionFault(name: FaultName): boolean {
  return ACTIONS.has(name);
}

/** True if the simulator knows a fault of this name. */
export function isFaultName(name: unknown): name is FaultName {
  return typeof name === 'string' && ALL.has(name);
}
