import { RawJson, writeJson } from '../json/lossless-json.ts';
import { isSince } from '../profile.ts';
import { type Reply, replyEmpty, replyJson, replyJsonText, replyText, type SimRequest } from './reply.ts';
import { type Route, route, type ServerState } from './server-state.ts';
import { describeFeatures, describeSystem } from './system-info.ts';

const EXTENSIONS = ['/extensions/core/groupNode.js', '/extensions/core/widgetInputs.js'];

async function listNodes(_request: SimRequest, state: ServerState): Promise<Reply> {
  return replyJsonText(state.catalog.allJson());
}

function describeNode(request: SimRequest, state: ServerState): Reply {
  const [name = ''] = request.params;
  const json = state.catalog.classJson(name);
  return replyJson(json === undefined ? {} : { [name]: new RawJson(json) });
}

function listModels(request: SimRequest, state: ServerState): Reply {
  const [folder = ''] = request.params;
  return state.catalog.modelFolders().includes(folder)
    ? replyJson(state.catalog.modelNames(folder))
    : replyEmpty(404);
}

function listModelFiles(request: SimRequest, state: ServerState): Reply {
  const [folder = ''] = request.params;
  if (!state.catalog.modelFolders().includes(folder)) return replyEmpty(404);
  return replyJson(
    state.catalog.modelNames(folder).map((name) => {
      const size = (state.catalog.findModel(name)?.vramMegabytes ?? 0) * 1024 * 1024;
      return { name, pathIndex: 0, modified: 0, created: 0, size };
    }),
  );
}

function describeModel(request: SimRequest, state: ServerState): Reply {
  const [folder = ''] = request.params;
  const name = request.query.get('filename') ?? '';
  const isThere = name.endsWith('.safetensors') && state.catalog.modelNames(folder).includes(name);
  const metadata = isThere ? state.catalog.findModel(name)?.metadata : undefined;
  return metadata === undefined ? replyEmpty(404) : replyJson({ ...metadata });
}

const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>ComfyUI simulator</title>
<body><h1>ComfyUI simulator</h1><p>This server acts like ComfyUI without a GPU. Its pictures are simulated.</p></body></html>`;

function showPage(): Reply {
  return { status: 200, headers: { 'Content-Type': 'text/html', 'Cache-Control': 'no-cache' }, body: PAGE };
}

/** System, features, node classes, models, page. */
export const INFO_ROUTES: readonly Route[] = [
  route('GET', '/', showPage, 'plain'),
  route('GET', '/ws', () =>
    replyText(400, 'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".'),
  ),
  route('GET', '/system_stats', describeSystem),
  route('GET', '/features', (_request, state) => replyJsonText(describeFeatures(state))),
  route('GET', '/object_info', listNodes),
  route('GET', '/object_info/{class}', describeNode),
  route('GET', '/models', (_request, state) => replyJson(state.catalog.modelFolders())),
  route('GET', '/models/{folder}', listModels),
  route('GET', '/experiment/models', (_request, state) =>
    replyJson(
      state.catalog
        .modelFolders()
        .filter((name) => name !== 'configs' && name !== 'custom_nodes')
        .map((name) => ({ name, folders: [`/simulated/models/${name}`] })),
    ),
  ),
  route('GET', '/experiment/models/{folder}', listModelFiles),
  route('GET', '/view_metadata/{folder}', describeModel),
  route('GET', '/embeddings', (_request, state) => replyJson(state.catalog.modelNames('embeddings'))),
  route('GET', '/extensions', () => replyJson(EXTENSIONS)),
  route('GET', '/workflow_templates', () => replyJson({})),
  route('GET', '/i18n', () => replyJson({})),
  route('GET', '/internal/logs', (_request, state) => replyJson(writeLog(state)), 'plain'),
  route(
    'GET',
    '/internal/logs/raw',
    (_request, state) =>
      replyJson({
        entries: state.logLines.map(({ t, m }) => ({ t, m })),
        size: { cols: 80, rows: 24 },
      }),
    'plain',
  ),
  route('PATCH', '/internal/logs/subscribe', () => replyEmpty(), 'plain'),
  route(
    'GET',
    '/internal/folder_paths',
    () => replyJson({ checkpoints: ['/simulated/models/checkpoints'] }),
    'plain',
  ),
  route('GET', '/internal/files/{kind}', listInternalFiles, 'plain'),
];

function writeLog(state: ServerState): string {
  return state.logLines.map(({ t, m }) => `${t} - ${m}`).join('');
}

function listInternalFiles(request: SimRequest, state: ServerState): Reply {
  const [kind = ''] = request.params;
  if (kind !== 'input' && kind !== 'output' && kind !== 'temp')
    return replyJsonText(writeJson({ error: 'Invalid directory type' }), 400);
  const names = [...(state.files.list(kind, '') ?? [])].reverse();
  if (!isSince(state.options.version, '0.33')) return replyJson(names);
  return replyJson(names.filter((name) => !name.startsWith('.')).map((name) => `${name} [${kind}]`));
}
