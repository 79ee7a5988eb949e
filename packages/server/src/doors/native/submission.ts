import {
  type PlainCode,
  plainText,
  type SubmitOptions,
  type Submitted,
  submitOptionsSchema,
} from '@comfleet/contract';
import type { TASK_TEXTS } from '@comfleet/contract/texts/tasks';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SubmitBody, SubmitOutcome } from '../../flow/calls/tasks/prepare-submission.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { readLosslessBody, toRecord } from '../../platform/http/json-body.ts';
import { requestProblem } from '../../platform/http/request-problem.ts';

/** Throws INVALID_REQUEST naming one field. */
export function refuseField(path: string, code: FieldProblem): never {
  throw new AppError('INVALID_REQUEST', { in: 'body', problems: [requestProblem(path, plainText(code))] });
}

type FieldProblem = PlainCode<typeof TASK_TEXTS.en> & `field.${string}`;

interface NamedBody extends SubmitOptions {
  task_type?: string | undefined;
  graph?: unknown;
}

/** What to run, with numbers as written: a graph, or a workflow with parameters. */
export function readSubmitBody(request: FastifyRequest, body: NamedBody): SubmitBody {
  const lossless = readLosslessBody(request);
  if (body.graph !== undefined) {
    if (body.workflow_name !== undefined) refuseField('graph', 'field.graph_or_workflow');
    if (body.task_type !== undefined) refuseField('task_type', 'field.graph_type');
    if (lossless.parameters !== undefined) refuseField('parameters', 'field.graph_parameters');
    return { kind: 'graph', graph: lossless.graph };
  }
  if (body.workflow_name === undefined && body.task_type === undefined) {
    refuseField('workflow_name', 'field.name_workflow');
  }
  return {
    kind: 'workflow',
    workflowName: body.workflow_name,
    taskType: body.task_type,
    parameters: toRecord(lossless.parameters),
  };
}

/** All options of the contract: one that is missing here would be dropped silently. */
const OPTION_NAMES = submitOptionsSchema.keyof().options;

/** Picks the options from a body. */
export function pickOptions(body: SubmitOptions): SubmitOptions {
  return Object.fromEntries(
    OPTION_NAMES.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]),
  );
}

export function isOptionName(name: string): boolean {
  return OPTION_NAMES.some((option) => option === name);
}

/** Sends 201 with the new task's address, or 200 if the key was used before with the same body. */
export function sendSubmitted(reply: FastifyReply, outcome: SubmitOutcome): Submitted {
  reply.status(outcome.replayed ? 200 : 201).header('location', `/api/v2/tasks/${outcome.submitted.task_id}`);
  return outcome.submitted;
}
