import { openOverlay } from '../platform/config/overlay.ts';
import { RunTimeSettings } from '../platform/config/run-time-settings.ts';
import { describeSettings } from '../platform/config/setting-descriptions.ts';
import type { Database } from '../platform/database/database.ts';
import { SETTING_RULES } from './setting-rules.ts';
import { type ConfigStore, configSchema } from './settings.ts';
import { DESCRIPTIONS_ZH } from './settings-zh.ts';
import type { Tables } from './tables.ts';

/** Lays what was changed at run time over the configuration, and opens further changes. Everything opened later reads the result. */
export async function openSettings(store: ConfigStore, database: Database<Tables>): Promise<RunTimeSettings> {
  const overlay = await openOverlay(database);
  await store.start(overlay.values());
  const descriptions = describeSettings(configSchema, DESCRIPTIONS_ZH);
  return new RunTimeSettings({ store, overlay }, descriptions, SETTING_RULES);
}
