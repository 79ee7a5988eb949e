import { posix } from 'node:path';
import { isObject, type Json, type Writable, writeJson } from '../json/lossless-json.ts';
import { isSince } from '../profile.ts';
import {
  HandlerRaised,
  type Reply,
  readJsonBody,
  replyEmpty,
  replyJson,
  replyJsonText,
  replyText,
  type SimRequest,
} from './reply.ts';
import { type Route, route, type ServerState, type UserFile } from './server-state.ts';

function saveSettings(request: SimRequest, state: ServerState): Reply {
  const body = readJsonBody(request);
  if (!isObject(body)) throw new HandlerRaised('settings are not an object');
  for (const [key, value] of body) state.settings.set(key, value);
  return replyEmpty();
}

function findSetting(request: SimRequest, state: ServerState): Reply {
  const [id = ''] = request.params;
  const value: Json = state.settings.get(id) ?? null;
  return replyJsonText(writeJson(value));
}

function saveSetting(request: SimRequest, state: ServerState): Reply {
  const [id = ''] = request.params;
  state.settings.set(id, readJsonBody(request));
  return replyEmpty();
}

function listUserData(request: SimRequest, state: ServerState): Reply {
  const directory = request.query.get('dir') ?? '';
  if (directory === '') return replyText(400, 'Directory not provided');
  if (directory.includes('..')) return replyEmpty(403);
  const prefix = `${directory.replace(/\/$/, '')}/`;
  const names = [...state.userFiles.keys()].filter((name) => name.startsWith(prefix));
  if (names.length === 0) return replyText(404, 'Directory not found');
  const isDeep = request.query.get('recurse') === 'true';
  const shown = names
    .map((name) => name.slice(prefix.length))
    .filter((name) => isDeep || !name.includes('/'));
  if (request.query.get('full_info') !== 'true') return replyJson(shown);
  return replyJson(shown.map((name) => describeFile(name, state.userFiles.get(prefix + name))));
}

/** Times are whole milliseconds. */
function describeFile(path: string, file: UserFile | undefined): Writable {
  const writtenMs = file?.writtenMs ?? 0;
  return { path, size: file?.bytes.length ?? 0, modified: writtenMs, created: writtenMs };
}

function readUserFile(request: SimRequest, state: ServerState): Reply {
  const [name = ''] = request.params;
  if (name.includes('..')) return replyEmpty(403);
  const file = state.userFiles.get(name);
  if (file === undefined) return replyEmpty(404);
  const type = posix.extname(name) === '.json' ? 'application/json' : 'application/octet-stream';
  const isGuarded = isSince(state.options.version, '0.33');
  const guards = isGuarded
    ? { 'Content-Disposition': 'attachment', 'X-Content-Type-Options': 'nosniff' }
    : undefined;
  return { status: 200, headers: { 'Content-Type': type, ...guards }, body: file.bytes };
}

function writeUserFile(request: SimRequest, state: ServerState): Reply {
  const [name = ''] = request.params;
  if (name.includes('..')) return replyEmpty(403);
  if (request.query.get('overwrite') === 'false' && state.userFiles.has(name))
    return replyText(409, 'File already exists');
  const file = { bytes: request.body, writtenMs: Math.floor(state.options.clock.now()) };
  state.userFiles.set(name, file);
  return replyJson(request.query.get('full_info') === 'true' ? describeFile(name, file) : name);
}

function removeUserFile(request: SimRequest, state: ServerState): Reply {
  const [name = ''] = request.params;
  if (name.includes('..')) return replyEmpty(403);
  return state.userFiles.delete(name) ? replyEmpty(204) : replyEmpty(404);
}

/** Users, settings and saved files of the only user, "default" (protocol 10). */
export const USER_ROUTES: readonly Route[] = [
  route('GET', '/users', () => replyJson({ storage: 'server', migrated: false })),
  route('POST', '/users', () => replyJson({ error: 'Duplicate username.' }, 400)),
  route('GET', '/settings', (_request, state) => replyJson(state.settings)),
  route('POST', '/settings', saveSettings),
  route('GET', '/settings/{id}', findSetting),
  route('POST', '/settings/{id}', saveSetting),
  route('GET', '/userdata', listUserData),
  route('GET', '/userdata/{file}', readUserFile),
  route('POST', '/userdata/{file}', writeUserFile),
  route('DELETE', '/userdata/{file}', removeUserFile),
];
