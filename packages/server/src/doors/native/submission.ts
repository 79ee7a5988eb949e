import { type SubmitOptions, type Submitted, submitOptionsSchema } from '@comfleet/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SubmitBody, SubmitOutcome } from '../../flow/calls/tasks/prepare-submission.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { readLosslessBody, toRecord } from '../../platform/http/json-body.ts';

/** Throws INVALID_REQUEST naming one field. */
export function refuseField(path: string, message: string): never {
  throw new AppError('INVALID_REQUEST', { in: 'body', problems: [{ path, message }] });
}

export const GRAPH_HAS_NO_PARAMETERS = 'a graph takes no parameters';
export const GRAPH_HAS_NO_TYPE = 'a graph has the type custom';

interface NamedBody extends SubmitOptions {
  task_type?: string | undefined;
  graph?: unknown;
}

/** What to run, with numbers as written: a graph, or a workflow with parameters. */
export function readSubmitBody(request: FastifyRequest, body: NamedBody): SubmitBody {
  const lossless = readLosslessBody(request);
  if (body.graph !== undefined) {
    if (body.workflow_name !== undefined)
      refuseField('graph', 'send either graph or workflow_name, not both');
    if (body.task_type !== undefined) refuseField('task_type', GRAPH_HAS_NO_TYPE);
    if (lossless.parameters !== undefined) refuseField('parameters', GRAPH_HAS_NO_PARAMETERS);
    return { kind: 'graph', graph: lossless.graph };
  }
  if (body.workflow_name === undefined && body.task_type === undefined) {
    refuseField('workflow_name', 'name a workflow or a task_type, or send a graph');
  }
  return {
    kind: 'workflow',
    workflowName: body.workflow_name,
    taskType: body.task_type,
    parameters: toRecord(lossless.parameters),
  };
}

/** All that the contract lists: what is not picked here would be dropped without a word. */
const OPTION_NAMES = submitOptionsSchema.keyof().options;

/** The options of a body without what stands beside them. */
export function pickOptions(body: SubmitOptions): SubmitOptions {
  return Object.fromEntries(
    OPTION_NAMES.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]),
  );
}

export function isOptionName(name: string): boolean {
  return OPTION_NAMES.some((option) => option === name);
}

/** 201 with the new task's address, or 200 when the key was used with the same body before. */
export function answerSubmitted(reply: FastifyReply, outcome: SubmitOutcome): Submitted {
  reply.status(outcome.replayed ? 200 : 201).header('location', `/api/v2/tasks/${outcome.submitted.task_id}`);
  return outcome.submitted;
}
