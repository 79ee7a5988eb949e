import { BrokenPrompt } from '../execution/find-class.ts';
import { replaceNodes } from '../execution/replace-nodes.ts';
import { type ValidationResult, validatePrompt } from '../execution/validate.ts';
import {
  isNumber,
  isObject,
  type Json,
  type JsonObject,
  printFloat,
  toNumber,
  writeJson,
  writeString,
} from '../json/lossless-json.ts';
import { printAsPython } from '../json/python-text.ts';
import { isSince } from '../profile.ts';
import { SECRET_KEYS } from '../queue/history.ts';
import { UnorderableItems } from '../queue/prompt-queue.ts';
import { isJobId } from './job-ids.ts';
import { readPlannedRefusal } from './planned-refusals.ts';
import {
  HandlerRaised,
  type Reply,
  readObjectBody,
  replyJson,
  replyJsonText,
  type SimRequest,
} from './reply.ts';
import type { ServerState } from './server-state.ts';

/** POST /prompt: validates, queues, responds, in that order (protocol 3). */
export function postPrompt(request: SimRequest, state: ServerState): Reply {
  state.options.log('got prompt');
  const body = readObjectBody(request);
  const { number, numberText } = readPriority(body, state);
  const prompt = body.get('prompt');
  if (prompt === undefined) {
    const error = {
      type: 'no_prompt',
      message: 'No prompt provided',
      details: 'No prompt provided',
      extra_info: {},
    };
    return replyJson({ error, node_errors: {} }, 400);
  }
  const promptId = choosePromptId(body, state);
  if (promptId === undefined) return replyJson({ error: BAD_PROMPT_ID, node_errors: {} }, 400);
  const planned = readPlannedRefusal(state, promptId);
  if (planned !== undefined) return planned;
  const result = validate(prompt, body, state);
  const extraData = readExtraData(body, request.headers['comfy-usage-source']);
  if (!result.ok) {
    state.ledger.append('prompt_refused', { prompt_id: promptId, error: result.error.type });
    return replyJson({ error: { ...result.error }, node_errors: result.nodeErrors }, 400);
  }
  const accepted = {
    promptId,
    number,
    numberText,
    prompt: prompt as JsonObject,
    extraData,
    outputs: result.outputs,
  };
  acceptPrompt(accepted, state);
  return replyJsonText(
    `{"prompt_id": ${writeString(promptId)}, "number": ${numberText}, "node_errors": ${writeJson(result.nodeErrors)}}`,
  );
}

function readPriority(body: JsonObject, state: ServerState): { number: number; numberText: string } {
  const requested = body.get('number');
  if (requested !== undefined) {
    const value = isNumber(requested)
      ? toNumber(requested)
      : typeof requested === 'string' && requested.trim() !== ''
        ? Number(requested)
        : Number.NaN;
    if (Number.isNaN(value)) throw new HandlerRaised(`could not convert to float: ${writeJson(requested)}`);
    return { number: value, numberText: printFloat(value) };
  }
  const counter = state.takeNumber();
  const number = body.get('front') === true && counter !== 0 ? -counter : counter;
  return { number, numberText: String(number) };
}

function choosePromptId(body: JsonObject, state: ServerState): string | undefined {
  const requested = body.get('prompt_id');
  const { version } = state.options;
  if (!isSince(version, '0.3.64')) return state.nextPromptId();
  if (!isSince(version, '0.33'))
    return requested === undefined ? state.nextPromptId() : printAsPython(requested);
  if (requested === undefined || requested === null) return state.nextPromptId();
  return isJobId(requested) ? requested : undefined;
}

const BAD_PROMPT_ID = {
  type: 'invalid_prompt_id',
  message: 'prompt_id must be a valid UUID',
  details:
    'prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one',
  extra_info: {},
};

function validate(prompt: Json, body: JsonObject, state: ServerState): ValidationResult {
  if (!isObject(prompt)) throw new HandlerRaised('prompt is not an object');
  const targets = body.get('partial_execution_targets');
  const { catalog } = state;
  try {
    if (isSince(state.options.version, '0.33'))
      replaceNodes(prompt, (name) => catalog.find(name) !== undefined);
    return validatePrompt(prompt, {
      catalog,
      files: state.files,
      version: state.options.version,
      ...(Array.isArray(targets) ? { targets: targets.map((id) => printAsPython(id)) } : {}),
    });
  } catch (error) {
    if (error instanceof BrokenPrompt) throw new HandlerRaised(error.message, { cause: error });
    throw error;
  }
}

function readExtraData(body: JsonObject, usageSource: unknown): JsonObject {
  const given = body.get('extra_data');
  const clientId = body.get('client_id');
  if (given !== undefined && !isObject(given)) {
    if (clientId !== undefined) throw new HandlerRaised('extra_data does not take a client_id');
    return new Map();
  }
  const extraData: JsonObject = given ?? new Map();
  if (clientId !== undefined) extraData.set('client_id', clientId);
  if (typeof usageSource === 'string' && !extraData.has('comfy_usage_source'))
    extraData.set('comfy_usage_source', usageSource);
  return extraData;
}

interface Accepted {
  readonly promptId: string;
  readonly number: number;
  readonly numberText: string;
  readonly prompt: JsonObject;
  readonly extraData: JsonObject;
  readonly outputs: readonly string[];
}

function acceptPrompt(accepted: Accepted, state: ServerState): void {
  const clientId = accepted.extraData.get('client_id');
  const mark = accepted.extraData.get('comfleet');
  if (isSince(state.options.version, '0.33')) {
    for (const key of SECRET_KEYS) accepted.extraData.delete(key);
    accepted.extraData.set('create_time', Math.floor(state.options.clock.now()));
  }
  const fields: Record<string, unknown> = { prompt_id: accepted.promptId };
  if (isObject(mark))
    for (const key of ['task', 'attempt', 'epoch']) if (mark.has(key)) fields[key] = mark.get(key);
  state.ledger.append('prompt_accepted', fields);
  try {
    state.queue.put({
      ...accepted,
      promptJson: writeJson(accepted.prompt),
      clientId: typeof clientId === 'string' ? clientId : undefined,
      createdAt: state.options.clock.now(),
    });
  } catch (error) {
    if (!(error instanceof UnorderableItems)) throw error;
    state.worker.wake();
    throw new HandlerRaised(error.message, { cause: error });
  }
  state.announceQueue();
  state.worker.wake();
}
