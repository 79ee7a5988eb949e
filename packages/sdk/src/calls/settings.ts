import {
  type Setting,
  type SettingHistory,
  settingHistorySchema,
  settingListSchema,
  settingSchema,
} from '@comfleet/contract';
import { writeJson } from '../http/json-text.ts';
import type { CallOptions, HttpTransport } from '../http/transport.ts';

const SETTINGS = '/api/v2/admin/settings';

/** The settings of the server. Needs the permission to manage the fleet; those about people need that to manage people. */
export class SettingCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  /** All that the caller may see, with their values and where these come from. */
  async list(options: CallOptions = {}): Promise<Setting[]> {
    const request = { ...options, method: 'GET', path: SETTINGS } as const;
    return (await this.#transport.json(request, settingListSchema)).settings;
  }

  /** One by its key in the configuration file: `limits.graph_nodes`. */
  async show(key: string, options: CallOptions = {}): Promise<Setting> {
    return await this.#transport.json({ ...options, method: 'GET', path: toPath(key) }, settingSchema);
  }

  /**
   * Changes and stores a setting; it is in force at once, or after a restart where `needs_restart` says so. With `expected`, it is
   * refused (CONFLICT) if the value is another one by now.
   */
  async set(
    key: string,
    value: unknown,
    { expected, ...options }: CallOptions & { readonly expected?: unknown } = {},
  ): Promise<Setting> {
    const body = writeJson({ value, ...(expected !== undefined && { expected }) });
    return await this.#transport.json({ ...options, method: 'PUT', path: toPath(key), body }, settingSchema);
  }

  /** Lets the configuration file, else the default, decide again. */
  async reset(key: string, options: CallOptions = {}): Promise<Setting> {
    return await this.#transport.json({ ...options, method: 'DELETE', path: toPath(key) }, settingSchema);
  }

  /** A page of changes, newest first; of one setting, or of all. */
  async history(
    filter: { key?: string | undefined; limit?: number | undefined; cursor?: string | undefined } = {},
    options: CallOptions = {},
  ): Promise<SettingHistory> {
    const query = {
      key: filter.key,
      limit: filter.limit === undefined ? undefined : String(filter.limit),
      cursor: filter.cursor,
    };
    const request = { ...options, method: 'GET', path: `${SETTINGS}/history`, query } as const;
    return await this.#transport.json(request, settingHistorySchema);
  }
}

function toPath(key: string): string {
  return `${SETTINGS}/${encodeURIComponent(key)}`;
}
