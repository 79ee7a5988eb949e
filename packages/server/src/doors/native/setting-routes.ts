import {
  changeSettingSchema,
  type PrincipalId,
  type Setting,
  settingHistorySchema,
  settingListSchema,
  settingSchema,
} from '@comfleet/contract';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { may, requirePermission } from '../../people/identity/principal.ts';
import type { RunTimeSettings, SettingState } from '../../platform/config/run-time-settings.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { principalOf, sessionOf } from '../authentication.ts';
import type { NativeDeps } from './native-deps.ts';

const keyParams = z.object({ key: z.string() });
const REFUSALS = ['SETTING_NOT_FOUND', 'FORBIDDEN'] as const;
const CHANGE_REFUSALS = [...REFUSALS, 'SETTING_READ_ONLY', 'CONFLICT', 'SETTING_INVALID'] as const;

/** Adds the settings of the configuration: seen, changed at run time, reset, and the history of changes (CF5). */
export function addSettingRoutes(app: HttpServer, deps: NativeDeps): void {
  addReadRoutes(app, deps);
  addChangeRoutes(app, deps);
}

type Names = ReadonlyMap<PrincipalId, string>;

function addReadRoutes(app: HttpServer, { settings, identity }: NativeDeps): void {
  app.get('/api/v2/admin/settings', {
    config: { access: 'fleet.manage' },
    schema: {
      tags: ['admin'],
      summary:
        'List the settings with their values and where these come from; those about people for admins only',
      response: { 200: settingListSchema },
    },
    handler: async (request) => {
      const listed = listVisible(request, settings);
      const names = await identity.names(listed.flatMap(({ changed }) => changed?.principalId ?? []));
      return { settings: listed.map((state) => toSetting(state, names)) };
    },
  });

  app.get('/api/v2/admin/settings/history', {
    config: { access: 'fleet.manage', refusals: REFUSALS },
    schema: {
      tags: ['admin'],
      summary: 'List the changes of settings at run time, newest first; of one setting, or of all',
      querystring: z.strictObject({
        key: z.string().max(200).optional(),
        limit: z.coerce.number().int().min(1).max(500).default(50),
        cursor: z.coerce.number().int().min(1).optional(),
      }),
      response: { 200: settingHistorySchema },
    },
    handler: async (request) => {
      const { key, limit, cursor = null } = request.query;
      if (key !== undefined) requireVisible(request, settings.find(key));
      const page = await settings.history(chooseKeys(request, settings, key), {
        limit: limit + 1,
        before: cursor,
      });
      const shown = page.slice(0, limit);
      const names = await identity.names(shown.map(({ principalId }) => principalId));
      return {
        changes: shown.map(({ principalId, changedAtMs, isReset, ...change }) => ({
          ...change,
          reset: isReset,
          changed_by: { id: principalId, name: names.get(principalId) ?? null },
          changed_at: new Date(changedAtMs).toISOString(),
        })),
        next_cursor: page.length > limit ? String(shown.at(-1)?.number) : null,
      };
    },
  });

  app.get('/api/v2/admin/settings/:key', {
    config: { access: 'fleet.manage', refusals: REFUSALS },
    schema: {
      tags: ['admin'],
      summary: 'Show a setting',
      params: keyParams,
      response: { 200: settingSchema },
    },
    handler: (request) => describe(request, identity, settings.find(request.params.key)),
  });
}

function addChangeRoutes(app: HttpServer, { settings, identity }: NativeDeps): void {
  app.put('/api/v2/admin/settings/:key', {
    config: { access: 'fleet.manage', refusals: CHANGE_REFUSALS },
    schema: {
      tags: ['admin'],
      summary:
        'Change and store a setting; it is in force at once, or after a restart where needs_restart says so',
      params: keyParams,
      body: changeSettingSchema,
      response: { 200: settingSchema },
    },
    handler: async (request) => {
      const { key } = request.params;
      requireVisible(request, settings.find(key));
      const { value, expected } = request.body;
      const changed = await settings.set(key, value, {
        principalId: principalOf(request).id,
        ...(expected !== undefined && { expected: { value: expected } }),
      });
      return describe(request, identity, changed);
    },
  });

  app.delete('/api/v2/admin/settings/:key', {
    config: { access: 'fleet.manage', refusals: CHANGE_REFUSALS },
    schema: {
      tags: ['admin'],
      summary: 'Reset a setting: the configuration file, else the default, decides again',
      params: keyParams,
      response: { 200: settingSchema },
    },
    handler: async (request) => {
      const { key } = request.params;
      requireVisible(request, settings.find(key));
      return describe(request, identity, await settings.reset(key, { principalId: principalOf(request).id }));
    },
  });
}

function listVisible(request: FastifyRequest, settings: RunTimeSettings): SettingState[] {
  const principal = principalOf(request);
  return settings.list().filter(({ permission }) => may(principal, permission));
}

/** Null for those who may see every setting: they also see changes of settings that are no longer there. */
function chooseKeys(
  request: FastifyRequest,
  settings: RunTimeSettings,
  key: string | undefined,
): readonly string[] | null {
  if (key !== undefined) return [key];
  if (may(principalOf(request), 'people.manage')) return null;
  return listVisible(request, settings).map((setting) => setting.key);
}

/** Throws FORBIDDEN without the setting's permission, and for API keys that would change how people are let in. */
function requireVisible(request: FastifyRequest, { permission }: SettingState): void {
  const { principal, purpose } = sessionOf(request);
  requirePermission(principal, permission);
  if (permission === 'people.manage' && purpose === 'key' && request.method !== 'GET')
    throw new AppError('FORBIDDEN', { reason: 'api_key' });
}

async function describe(
  request: FastifyRequest,
  identity: NativeDeps['identity'],
  state: SettingState,
): Promise<Setting> {
  requireVisible(request, state);
  return toSetting(state, await identity.names(state.changed ? [state.changed.principalId] : []));
}

function toSetting(state: SettingState, names: Names): Setting {
  const { changed, afterRestart, leftOut } = state;
  const { key, description, kind, minimum, maximum, above, choices } = state;
  return {
    ...{ key, description: { ...description }, kind, minimum, maximum, above },
    choices: choices && [...choices],
    accepts_null: state.acceptsNull,
    value: state.value,
    is_set: state.isSet,
    default: state.default,
    source: state.source,
    file_value: state.fileValue,
    variable: state.variable,
    changed_by: changed && { id: changed.principalId, name: names.get(changed.principalId) ?? null },
    changed_at: changed && new Date(changed.atMs).toISOString(),
    needs_restart: state.needsRestart,
    waits_for_restart: afterRestart !== null,
    value_after_restart: afterRestart?.value ?? null,
    read_only: state.readOnly,
    permission: state.permission,
    left_out: leftOut && { value: leftOut.value, problems: [...leftOut.problems] },
  };
}
