export interface SettingRow {
  /** `generation`, `address`, … */
  name: string;
  value: string;
}

/** The values that the server keeps between its starts. */
export interface SettingTables {
  setting: SettingRow;
}
