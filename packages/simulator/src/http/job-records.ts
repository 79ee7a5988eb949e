import {
  isObject,
  type Json,
  type JsonObject,
  parseJson,
  RawJson,
  type Writable,
} from '../json/lossless-json.ts';
import type { PromptEnd } from '../queue/history.ts';
import type { PromptItem } from '../queue/prompt-queue.ts';
import { normaliseOutputs, summariseOutputs } from './job-outputs.ts';
import { HandlerRaised } from './reply.ts';

/** Every status, in the order that ComfyUI lists them. */
export const JOB_STATUSES = ['pending', 'in_progress', 'completed', 'failed', 'cancelled'] as const;

export type JobStatus = (typeof JOB_STATUSES)[number];

/** One entry of /api/jobs, with the values that lists are filtered and sorted by. */
export interface Job {
  readonly status: JobStatus;
  readonly createdAt: number;
  readonly durationMs: number;
  readonly workflowId: Json | undefined;
  readonly json: Readonly<Record<string, Writable>>;
}

/** A prompt that waits or runs. Throws HandlerRaised for extra_pnginfo that ComfyUI cannot read. */
export function describeWaiting(item: PromptItem, status: 'pending' | 'in_progress'): Job {
  const workflowId = readWorkflowId(item.extraData);
  return {
    status,
    createdAt: item.createdAt,
    durationMs: 0,
    workflowId,
    json: prune({
      id: item.promptId,
      status,
      priority: new RawJson(item.numberText),
      create_time: item.extraData.get('create_time'),
      outputs_count: 0,
      previewable_outputs_count: 0,
      workflow_id: workflowId,
    }),
  };
}

/** A prompt in history. Throws HandlerRaised as above. */
export function describeEnded(item: PromptItem, end: PromptEnd, isWhole: boolean): Job {
  const workflowId = readWorkflowId(item.extraData);
  const outputs = end.outputs.map(([id, text]) => [id, parseJson(text)] as const);
  const read = readMessages(end);
  const { count, previewable, preview } = summariseOutputs(outputs);
  const json = prune({
    id: item.promptId,
    status: read.status,
    priority: new RawJson(item.numberText),
    create_time: item.extraData.get('create_time'),
    execution_start_time: read.startedAt,
    execution_end_time: read.endedAt,
    execution_error: read.error,
    outputs_count: count,
    previewable_outputs_count: previewable,
    preview_output: preview,
    workflow_id: workflowId,
  });
  return {
    status: read.status,
    createdAt: item.createdAt,
    durationMs: end.endedAt - end.startedAt,
    workflowId,
    json: isWhole ? { ...json, ...describeWhole(item, end, outputs) } : json,
  };
}

function describeWhole(
  item: PromptItem,
  end: PromptEnd,
  outputs: readonly (readonly [string, Json])[],
): Record<string, Writable> {
  return {
    outputs: normaliseOutputs(outputs),
    execution_status: {
      status_str: end.statusText,
      completed: end.completed,
      messages: end.messages.map((message) => new RawJson(message)),
    },
    workflow: { prompt: new RawJson(item.promptJson), extra_data: item.extraData },
  };
}

interface EntryMessages {
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly startedAt: Json | undefined;
  readonly endedAt: Json | undefined;
  readonly error: Json | undefined;
}

/** Times and the whole error of an entry are taken from its messages. */
function readMessages(end: PromptEnd): EntryMessages {
  const events = new Map<string, JsonObject>();
  for (const message of end.messages) {
    const parsed = parseJson(message);
    const [name, data] = Array.isArray(parsed) ? parsed : [];
    if (typeof name === 'string' && isObject(data)) events.set(name, data);
  }
  const error = events.get('execution_error');
  const interrupted = events.get('execution_interrupted');
  const last = events.get('execution_success') ?? error ?? interrupted;
  const failed = interrupted === undefined ? 'failed' : 'cancelled';
  return {
    status: end.statusText === 'success' ? 'completed' : failed,
    startedAt: events.get('execution_start')?.get('timestamp'),
    endedAt: last?.get('timestamp'),
    error,
  };
}

/** ComfyUI reads a key of `extra_pnginfo` and its `workflow` without checking their types. */
function readWorkflowId(extraData: JsonObject): Json | undefined {
  const pngInfo = extraData.get('extra_pnginfo');
  if (pngInfo === undefined) return undefined;
  if (!isObject(pngInfo)) throw new HandlerRaised("AttributeError: extra_pnginfo has no attribute 'get'");
  const workflow = pngInfo.get('workflow');
  if (workflow === undefined) return undefined;
  if (!isObject(workflow)) throw new HandlerRaised("AttributeError: workflow has no attribute 'get'");
  return workflow.get('id');
}

/** Omits members without a value. */
function prune(json: Record<string, Writable>): Record<string, Writable> {
  return Object.fromEntries(
    Object.entries(json).filter(([, value]) => value !== undefined && value !== null),
  );
}
