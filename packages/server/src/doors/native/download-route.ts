import { Readable } from 'node:stream';
import { isTerminal, type TaskDetail } from '@comfleet/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Principal } from '../../people/identity/principal.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { formatDisposition } from '../../platform/http/content-disposition.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { sendContent } from '../../platform/http/send-content.ts';
import { measureZip, streamZip } from '../../platform/http/zip-stream.ts';
import { principalOf } from '../authentication.ts';
import { contentResponses } from '../route-responses.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams, readTaskId } from './route-schemas.ts';

/** Sends files of a task: one by index, the only one, or all as a ZIP. */
export function addDownloadRoute(app: HttpServer, deps: NativeDeps): void {
  app.get('/api/v2/tasks/:id/download', {
    config: {
      access: 'client',
      refusals: ['TASK_NOT_FOUND', 'TASK_NOT_FINISHED', 'RESULT_NOT_FOUND', 'ASSET_NOT_FOUND'],
    },
    schema: {
      tags: ['tasks'],
      summary: 'Download a result by index; without an index the only one, or a ZIP of all',
      params: idParams,
      querystring: z.strictObject({ index: z.coerce.number().int().min(0).optional() }),
      response: contentResponses,
    },
    handler: async (request, reply) => {
      const actor = principalOf(request);
      const task = await deps.tasks.load(actor, readTaskId(request.params.id));
      const { results } = task;
      if (results.length === 0) {
        throw new AppError(isTerminal(task.status) ? 'RESULT_NOT_FOUND' : 'TASK_NOT_FINISHED', {
          status: task.status,
        });
      }
      const index = request.query.index ?? (results.length === 1 ? results[0]?.index : undefined);
      if (index === undefined) return sendArchive({ request, reply, deps, actor, task });
      const content = await deps.assets.openResult(actor, readTaskId(task.task_id), index);
      return sendContent(request, reply, content, 'attachment');
    },
  });
}

interface Archive {
  request: FastifyRequest;
  reply: FastifyReply;
  deps: NativeDeps;
  actor: Principal;
  task: TaskDetail;
}

async function sendArchive({ request, reply, deps, actor, task }: Archive): Promise<FastifyReply> {
  const id = readTaskId(task.task_id);
  const contents = await Promise.all(
    task.results.map((result) => deps.assets.openResult(actor, id, result.index)),
  );
  const entries = contents.map((content) => ({
    name: content.name,
    sizeBytes: content.sizeBytes,
    modifiedAtMs: content.createdAtMs,
    open: () => content.open(),
  }));
  reply
    .type('application/zip')
    .header('content-length', measureZip(entries))
    .header('content-disposition', formatDisposition('attachment', `${task.name ?? task.task_id}.zip`))
    .header('cache-control', 'private, max-age=600');
  if (request.method === 'HEAD') return reply.send();
  return reply.send(Readable.from(streamZip(entries), { objectMode: false }));
}
