import { type FaultSpec, readNumber } from '../faults/fault-script.ts';
import { RawJson, type Writable, writeJson } from '../json/lossless-json.ts';
import { type Reply, replyEmpty, replyJson, replyJsonText, replyText, type SimRequest } from './reply.ts';
import { type Route, route, type ServerState } from './server-state.ts';

const RAM_TOTAL = 25276502016;
const RAM_FREE = 24024485888;
const EXTENSIONS = ['/extensions/core/groupNode.js', '/extensions/core/widgetInputs.js'];

async function describeSystem(_request: SimRequest, state: ServerState): Promise<Reply> {
  const fault = state.faults.take('system_stats');
  if (fault?.kind === 'slow') await state.options.clock.sleep(readNumber(fault, 'ms', 10_000));
  const impostor = state.faults.peek('identity');
  const argv = Array.isArray(impostor?.argv) ? impostor.argv.map(String) : [...state.options.argv];
  const system = {
    os: state.options.version === 'new' ? 'linux' : 'posix',
    ram_total: RAM_TOTAL,
    ram_free: RAM_FREE,
    comfyui_version: state.options.versionText,
    required_frontend_version: '1.27.10',
    installed_templates_version: '0.1.95',
    required_templates_version: '0.1.95',
    python_version: '3.11.7 (simulated)',
    pytorch_version: '2.14.1+simulated',
    embedded_python: false,
    argv,
  };
  return replyJson(shapeDevices(system, describeDevice(state), fault));
}

function describeDevice(state: ServerState): Record<string, Writable> {
  const total = state.options.vramTotal;
  const free = Math.max(0, total - state.models.usedMegabytes() * 1024 * 1024);
  return {
    name: 'cuda:0 Simulated GPU : cudaMallocAsync',
    type: 'cuda',
    index: 0,
    vram_total: total,
    vram_free: free,
    torch_vram_total: total - free,
    torch_vram_free: 0,
  };
}

function shapeDevices(
  system: Record<string, Writable>,
  device: Record<string, Writable>,
  fault: FaultSpec | undefined,
): Writable {
  switch (fault?.kind) {
    case 'no_devices':
      return { system };
    case 'vram_null':
      return { system, devices: [{ ...device, vram_total: null, vram_free: null }] };
    case 'cpu':
      return {
        system,
        devices: [
          { ...device, name: 'cpu', type: 'cpu', index: null, vram_total: RAM_TOTAL, vram_free: RAM_FREE },
        ],
      };
    default:
      return { system, devices: [device] };
  }
}

/** What the server tells of itself, over HTTP and as the answer to `feature_flags`. */
export function describeFeatures(state: Pick<ServerState, 'options'>): string {
  const base = `"supports_preview_metadata": true, "max_upload_size": ${state.options.maxUploadBytes}`;
  return state.options.version === 'new'
    ? `{${base}, "supports_model_type_tags": true, "node_replacements": false, "assets": false}`
    : `{${base}}`;
}

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
        // An entry is one write to the console, line break included.
        entries: state.logLines.map((line) => ({ t: new Date(0).toISOString(), m: `${line}\n` })),
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
  return state.logLines.join('\n');
}

function listInternalFiles(request: SimRequest, state: ServerState): Reply {
  const [kind = ''] = request.params;
  if (kind !== 'input' && kind !== 'output' && kind !== 'temp')
    return replyJsonText(writeJson({ error: 'Invalid directory type' }), 400);
  return replyJson([...(state.files.list(kind, '') ?? [])].reverse());
}
