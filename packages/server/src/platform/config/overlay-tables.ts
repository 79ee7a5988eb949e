import type { PrincipalId } from '@comfleet/contract';

export interface OverlayRow {
  /** The dotted key in the file: `nodes.load_balancing.strategy`, … */
  name: string;
  /** JSON. */
  value: string;
  /** Who changed it. */
  principal_id: PrincipalId;
  changed_at: number;
}

export interface OverlayHistoryRow {
  /** 1, 2, 3 … without gaps. */
  number: number;
  name: string;
  /** JSON of the value before and after, whatever its source. */
  value_before: string;
  value_after: string;
  /** 1: the setting was reset, and the file decided again; 0: it was changed. */
  is_reset: number;
  principal_id: PrincipalId;
  changed_at: number;
}

/** The settings changed at run time, and every change of them. */
export interface OverlayTables {
  overlay: OverlayRow;
  overlay_history: OverlayHistoryRow;
}
