export interface SettingRow {
  /** `generation`, `address`, … */
  name: string;
  value: string;
}

/** Values that the server keeps between starts. */
export interface SettingTables {
  setting: SettingRow;
}
