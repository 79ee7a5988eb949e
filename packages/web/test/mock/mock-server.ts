import type { IncomingMessage, ServerResponse } from 'node:http';
import type { StreamFrame } from '@comfleet/contract';
import type { Connect, Plugin } from 'vite';
import { WebSocketServer } from 'ws';
import { MockFleet } from './mock-fleet.ts';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

type Answer = { status: number; body: unknown };
type Server = {
  middlewares: Connect.Server;
  httpServer: { on(event: 'upgrade', listener: (...args: never[]) => void): unknown } | null;
};

/** A pretended Comfleet beside vite: the native routes that the page uses, under the page's own CSP in preview. */
export function mockServer(): Plugin {
  const fleet = new MockFleet();
  const attach = (server: Server) => {
    server.middlewares.use((request, response, next) => void serve(fleet, request, response, next));
    listenLive(fleet, server);
  };
  return {
    name: 'comfleet-mock-server',
    configureServer: (server) => attach(server as unknown as Server),
    configurePreviewServer: (server) => {
      server.middlewares.use((_request, response, next) => {
        response.setHeader('content-security-policy', POLICY);
        next();
      });
      attach(server as unknown as Server);
    },
  };
}

async function serve(
  fleet: MockFleet,
  request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (!url.pathname.startsWith('/api/')) return next();
  const picture = /^\/api\/fleet\/assets\/([^/]+)\/content$/.exec(url.pathname)?.[1];
  const found = picture === undefined ? undefined : fleet.pictures.get(picture);
  if (found !== undefined) {
    response.setHeader('content-type', found.type);
    response.end(found.body);
    return;
  }
  const body = await readBody(request);
  const answer = route(
    fleet,
    `${request.method ?? 'GET'} ${url.pathname}`,
    url,
    body,
    request.headers['content-type'] ?? '',
  );
  response.statusCode = answer.status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answer.body));
}

function route(fleet: MockFleet, call: string, url: URL, raw: Buffer, contentType: string): Answer {
  const ok = (body: unknown): Answer => ({ status: 200, body });
  const refuse = (status: number, code: string): Answer => ({
    status,
    body: { error: { code, message: code, details: null }, request_id: 'r' },
  });
  const json =
    contentType.includes('json') && raw.length > 0
      ? (JSON.parse(raw.toString('utf8')) as Record<string, unknown>)
      : {};
  const [, taskId, act] = /\/api\/v2\/tasks\/([^/]+)(?:\/(\w+))?$/.exec(call) ?? [];
  const token = {
    access_token: 't',
    token_type: 'bearer',
    expires_in: 3600,
    expires_at: new Date(Date.now() + 3.6e6).toISOString(),
  };
  switch (call) {
    case 'POST /api/v2/auth/exchange':
      return json.code === 'used' ? refuse(401, 'UNAUTHORIZED') : ok(token);
    case 'POST /api/v2/auth/token':
      return json.client_secret === 'wrong' ? refuse(401, 'UNAUTHORIZED') : ok(token);
    case 'GET /api/v2/auth/me':
      return ok({ principal_id: 'me', kind: 'client', name: 'local', grants: ['admin', 'raw_graph'] });
    case 'GET /api/v2/workflows':
      return ok({ workflows: fleet.workflows });
    case 'GET /api/v2/tasks': {
      const all = [...fleet.tasks.values()].reverse();
      const tasks =
        url.searchParams.get('status') === 'pending' ? all.filter((task) => task.status === 'queued') : all;
      return ok({ tasks, total: tasks.length, next_cursor: null });
    }
    case 'POST /api/v2/tasks': {
      const task = fleet.submit(json, null);
      return {
        status: 201,
        body: {
          task_id: task.task_id,
          status: task.status,
          message: '',
          estimated_time: null,
          queue_position: 0,
          warnings: [],
        },
      };
    }
    case 'POST /api/v2/batches':
      return { status: 201, body: submitBatch(fleet, json) };
    case 'POST /api/fleet/uploads':
      return { status: 201, body: keepUpload(fleet, raw) };
  }
  const task = taskId === undefined ? undefined : fleet.tasks.get(taskId);
  if (task !== undefined && act === undefined) return ok({ ...task, attempts: [] });
  if (task !== undefined && act === 'cancel') return ok(fleet.cancel(task.task_id));
  if (task !== undefined && act === 'retry') {
    const again = fleet.submit(
      { workflow_name: task.workflow_name, parameters: task.parameters, priority: task.priority },
      null,
    );
    return {
      status: 201,
      body: {
        task_id: again.task_id,
        status: 'queued',
        message: '',
        estimated_time: null,
        queue_position: 0,
        warnings: [],
      },
    };
  }
  const batchId = /^POST \/api\/v2\/batches\/([^/]+)\/cancel$/.exec(call)?.[1];
  if (batchId !== undefined) {
    for (const member of fleet.tasks.values()) if (member.batch_id === batchId) fleet.cancel(member.task_id);
    return ok(batchOf(fleet, batchId));
  }
  return refuse(404, 'NOT_FOUND');
}

function submitBatch(fleet: MockFleet, json: Record<string, unknown>): unknown {
  const id = fleet.makeId();
  const items = json.tasks as Array<{ parameters?: Record<string, unknown> }>;
  items.forEach((item, index) => {
    fleet.submit(
      { ...json, parameters: { ...(json.parameters as object), ...item.parameters } },
      { id, index },
    );
  });
  return batchOf(fleet, id);
}

function batchOf(fleet: MockFleet, id: string): unknown {
  const tasks = [...fleet.tasks.values()].filter((task) => task.batch_id === id);
  const counts = {
    total: tasks.length,
    waiting: tasks.length,
    running: 0,
    succeeded: 0,
    failed: 0,
    canceled: 0,
    expired: 0,
  };
  return {
    batch_id: id,
    name: null,
    status: 'running',
    message: '',
    priority: 5,
    counts,
    progress: 0,
    created_at: new Date().toISOString(),
    completed_at: null,
    duration_seconds: null,
    task_ids: tasks.map((task) => task.task_id),
  };
}

function keepUpload(fleet: MockFleet, raw: Buffer): unknown {
  const start = raw.indexOf('\r\n\r\n') + 4;
  const id = fleet.makeId();
  fleet.pictures.set(id, { type: 'image/png', body: raw.subarray(start, raw.lastIndexOf('\r\n--')) });
  const name = /filename="([^"]*)"/.exec(raw.subarray(0, start).toString('utf8'))?.[1] ?? 'picture.png';
  return {
    upload_id: id,
    name,
    content_type: 'image/png',
    size_bytes: raw.length,
    hash: 'blake3:00',
    width: null,
    height: null,
    created_at: new Date().toISOString(),
    url: `/api/fleet/assets/${id}/content?expires=1&signature=x`,
  };
}

function listenLive(fleet: MockFleet, server: Server): void {
  const sockets = new WebSocketServer({ noServer: true });
  server.httpServer?.on('upgrade', (request: IncomingMessage, socket: never, head: never) => {
    if (request.url !== '/api/v2/live') return;
    sockets.handleUpgrade(request, socket, head, (connection) => {
      const watcher = (frame: StreamFrame) => connection.send(JSON.stringify({ type: 'frame', frame }));
      connection.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString('utf8')) as { type: string };
        if (message.type === 'auth') connection.send(JSON.stringify({ type: 'ready', principal_id: 'me' }));
        if (message.type === 'watch_own') fleet.watchers.add(watcher);
      });
      connection.on('close', () => fleet.watchers.delete(watcher));
    });
  });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
