import { ERRORS, type ErrorCode } from '@comfleet/contract';
import WebSocket from 'ws';
import { ASSET_ID, BATCH_ID, TASK_ID } from '../fake-calls/samples.ts';
import { type TestServer, WORKER_ID } from '../test-server.ts';

const BODIES: Readonly<Record<string, object>> = {
  'POST /api/v2/auth/register': { client_name: 'x' },
  'POST /api/v2/auth/token': { client_id: 'x', client_secret: 'x' },
  'POST /api/v2/auth/exchange': { code: 'x' },
  'POST /api/v2/auth/sign-out': {},
  'POST /api/v2/auth/keys': { name: 'x' },
  'POST /api/v2/admin/invitations': { name: 'x' },
  'POST /api/v2/admin/join-tokens': { name: 'x' },
  'POST /api/v2/auth/sign-in': { username: 'x', password: 'x' },
  'POST /admin/auth/login': { username: 'x', password: 'x' },
  'POST /api/v2/auth/password': { current_password: 'x', new_password: 'x' },
  'POST /api/v2/admin/users': { username: 'x' },
  'PATCH /api/v2/admin/users/:id': { role: 'viewer' },
  'POST /api/v2/admin/users/:id/reset': {},
  'POST /api/v2/admin/clients/:id/grants': { grants: [] },
  'PUT /api/v2/admin/quotas/:id': { tasks_per_day: 10 },
  'POST /api/v2/tasks': { workflow_name: 'w' },
  'POST /api/v2/tasks/text-to-image': { prompt: 'a cat' },
  'POST /api/v2/tasks/text-to-image-sdxl': { prompt: 'a cat' },
  'POST /api/v2/tasks/image-to-video': { image_path: 'in.png' },
  'POST /api/fleet/tasks/:id/decide': { decision: 'give_up' },
  'POST /api/v2/jobs': { workflow: { '1': { class_type: 'X', inputs: {} } } },
  'POST /api/v2/batches': { workflow_name: 'w', descriptions: ['a cat'] },
  'POST /api/v2/workflows/:name/validate': { parameters: {} },
  'POST /api/fleet/policies/test': { graph: {} },
  'POST /api/fleet/workers': { url: 'http://127.0.0.1:8188' },
  'PATCH /api/fleet/workers/:id': { labels: ['fast'] },
  'POST /api/fleet/workers/:id/maintenance': { on: true },
  'POST /api/fleet/workers/:id/drain': { on: true },
  'POST /api/fleet/workers/:id/enabled': { on: true },
  'POST /api/projects': { name: 'x' },
  'PATCH /api/projects/:id': { name: 'y' },
  'PUT /api/v2/admin/settings/:key': { value: 7 },
  'PUT /api/fleet/balancing': { strategy: 'random' },
  'POST /api/fleet/register': { url: 'http://127.0.0.1:8188' },
};

interface Project {
  id: string;
  guest: string;
}

let requests = 0;

interface RequestOptions {
  headers: Record<string, string>;
  project: Project;
}

/** Sends a request of a route as an actor and returns the status. */
export async function sendRequest(
  server: TestServer,
  route: string,
  options: RequestOptions,
): Promise<number> {
  const answer = await openRequest(server, route, options);
  answer.stream().destroy();
  return answer.statusCode;
}

/**
 * Sends a request of a route as an actor; the response may be a stream without end. Each names another user and comes from another
 * address, because a name is taken once and guesses are limited.
 */
export function openRequest(server: TestServer, route: string, { headers, project }: RequestOptions) {
  requests += 1;
  const [method = '', url = ''] = route.split(' ');
  const payload = toBody(route, project);
  return server.app.inject({
    method: method as 'GET',
    url: toPath(url, project),
    headers,
    remoteAddress: `127.1.${requests >> 8}.${requests & 255}`,
    ...(payload && { payload }),
    payloadAsStream: true,
  });
}

function toBody(route: string, { guest }: Project): object | undefined {
  if (route === 'PUT /api/projects/:id/members') return { member: guest, role: 'editor' };
  const body = BODIES[route];
  return body && 'username' in body ? { ...body, username: `user-${requests}` } : body;
}

function toPath(url: string, project: Project): string {
  const id = url.startsWith('/api/projects/')
    ? project.id
    : url.includes('/batches/')
      ? BATCH_ID
      : url.includes('/workers/')
        ? WORKER_ID
        : /\/(uploads|assets)\//.test(url)
          ? ASSET_ID
          : TASK_ID;
  const names = {
    ':id': id,
    ':member': project.guest,
    ':name': 'image_to_video_basic',
    ':key': 'limits.graph_nodes',
    '*': 'nothing',
  };
  return Object.entries(names).reduce((path, [name, value]) => path.replace(name, value), url);
}

/** What can be asked over the live socket. */
export const WATCHES: Readonly<Record<string, object>> = {
  'WS /api/v2/live watch_task': { type: 'watch_task', task_id: TASK_ID },
  'WS /api/v2/live watch_batch': { type: 'watch_batch', batch_id: BATCH_ID },
  'WS /api/v2/live watch_own': { type: 'watch_own' },
};

/** Signs in over a live socket and asks to watch. Returns 200 for a frame, else the status of the error. */
export async function watchLive(port: number, watch: object, token: string): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v2/live`);
  const first = new Promise<number>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => socket.send(JSON.stringify({ type: 'auth', token })));
    socket.on('message', (data) => {
      const message: { type: string; error?: { code: ErrorCode } } = JSON.parse(String(data));
      if (message.type === 'ready') socket.send(JSON.stringify(watch));
      else resolve(message.error ? ERRORS[message.error.code].status : 200);
    });
    socket.on('close', () => resolve(401));
  });
  const status = await first;
  socket.terminate();
  return status;
}
