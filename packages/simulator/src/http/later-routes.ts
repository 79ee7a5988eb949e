import { NODE_REPLACEMENTS_TEXT } from '../media.ts';
import { JOB_ROUTES } from './job-routes.ts';
import { type Reply, replyEmpty, replyJson, replyJsonText, type SimRequest } from './reply.ts';
import { type Route, route, type ServerState } from './server-state.ts';

const ASSETS_OFF = {
  error: {
    code: 'SERVICE_DISABLED',
    message: 'Assets system is disabled. Start the server with --enable-assets to use this feature.',
    details: {},
  },
};

const refuseAssets = (): Reply => replyJson(ASSETS_OFF, 503);

/** Preview pictures of models: no simulated model has one. */
function showModelPreview(request: SimRequest): Reply {
  const [, index = ''] = request.params;
  return replyEmpty(/^\d+$/.test(index) ? 404 : 400);
}

function listUserFolder(request: SimRequest, state: ServerState): Reply {
  const folder = request.query.get('path') ?? '';
  if (folder.includes('..')) return replyEmpty(400);
  const prefix = folder === '' ? '' : `${folder}/`;
  const inside = [...state.userFiles].filter(([name]) => name.startsWith(prefix));
  const files = inside.filter(([name]) => !name.slice(prefix.length).includes('/'));
  const folders = new Set(
    inside.flatMap(([name]) => name.slice(prefix.length).split('/').slice(0, -1).slice(0, 1)),
  );
  return replyJson([
    ...[...folders].map((name) => ({ name, path: `${prefix}${name}`, type: 'directory' })),
    ...files.map(([path, file]) => ({
      name: path.slice(prefix.length),
      path,
      type: 'file',
      size: file.bytes.length,
      modified: file.writtenMs / 1000,
    })),
  ]);
}

/** Routes that 0.33 has and 0.3.64 does not; assets as on a server where they are disabled. */
export const LATER_ROUTES: readonly Route[] = [
  ...JOB_ROUTES,
  route('GET', '/node_replacements', () => replyJsonText(NODE_REPLACEMENTS_TEXT)),
  route('GET', '/global_subgraphs', () => replyJson({})),
  route('GET', '/experiment/models/preview/{folder}/{index}/{file}', showModelPreview),
  route('GET', '/v2/userdata', listUserFolder),
  route('GET', '/assets', refuseAssets, 'api'),
  route('POST', '/assets', refuseAssets, 'api'),
  route('GET', '/assets/{id}', refuseAssets, 'api'),
  route('GET', '/tags', refuseAssets, 'api'),
];
