import websocket from '@fastify/websocket';
import type { BatchCalls } from '../../flow/calls/batches/batch-calls.ts';
import type { TaskCalls } from '../../flow/calls/tasks/task-calls.ts';
import type { Identity } from '../../people/identity/identity.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { isOwnOrigin } from '../../platform/http/request-origin.ts';
import type { StreamSlots } from '../../platform/http/stream-slots.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { RequestLimits } from '../request-limits.ts';
import { LiveConnection } from './live-connection.ts';

export interface LiveDeps {
  tasks: Pick<TaskCalls, 'watch' | 'watchOwn'>;
  batches: Pick<BatchCalls, 'watch'>;
  identity: Identity;
  slots: StreamSlots;
  limits: RequestLimits;
  clock: Clock;
  logger: Logger;
  /** Closes every socket when the server stops. */
  signal: AbortSignal;
}

const MAX_MESSAGE_BYTES = 65_536;

/**
 * Adds the live socket, /api/v2/live: after `{type:'auth', token}` a client watches tasks, batches or everything of its
 * own. Pages of other origins cannot open it.
 */
export async function addLiveDoor(
  app: HttpServer,
  deps: LiveDeps,
  options: { publicUrl: string | null; allowedOrigins: readonly string[] },
): Promise<void> {
  const allowed = new Set(options.allowedOrigins);
  if (options.publicUrl !== null) allowed.add(new URL(options.publicUrl).origin);
  // Upgrade requests are answered like any other; after the response nothing owns the socket, so it is closed here.
  app.addHook('onResponse', async ({ raw }) => {
    if (raw.headers.upgrade !== undefined) raw.socket.destroySoon();
  });
  await app.register(async (scope) => {
    await scope.register(websocket, {
      // One message per turn of the event loop: a client may send ten thousand in one packet.
      options: { maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false, allowSynchronousEvents: false },
    });
    scope.addHook('onRequest', async (request, reply) => {
      // Whose it is its first message says.
      await deps.limits.countAddress(request, reply);
      const { origin } = request.headers;
      if (origin !== undefined && allowed.has(origin)) return;
      if (!isOwnOrigin(request)) throw new AppError('FORBIDDEN', { reason: 'origin' });
    });
    scope.get(
      '/api/v2/live',
      { websocket: true, config: { access: 'public' }, schema: { hide: true } },
      (socket) => new LiveConnection(socket, deps).start(),
    );
  });
}
