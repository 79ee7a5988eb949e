import type { PrincipalId } from '@comfleet/contract';

export interface OverlayRow {
  /** `placement.strategy`, … */
  name: string;
  /** JSON. */
  value: string;
  /** Who changed it. */
  principal_id: PrincipalId;
  changed_at: number;
}

/** The settings changed at run time. */
export interface OverlayTables {
  overlay: OverlayRow;
}
