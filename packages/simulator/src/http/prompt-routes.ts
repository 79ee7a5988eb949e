import { BrokenPrompt, type Verdict, validatePrompt } from '../execution/validate.ts';
import { type FaultSpec, readText } from '../faults/fault-script.ts';
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
import { writeQueueItem } from '../queue/history.ts';
import { UnorderableItems } from '../queue/prompt-queue.ts';
import {
  HandlerRaised,
  type Reply,
  readObjectBody,
  replyEmpty,
  replyJson,
  replyJsonText,
  type SimRequest,
} from './reply.ts';
import { type Route, route, type ServerState } from './server-state.ts';

const CANONICAL_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function postPrompt(request: SimRequest, state: ServerState): Reply {
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
  if (promptId === undefined) return refusePromptId(body);
  const planned = readPlannedRefusal(state, promptId);
  if (planned !== undefined) return planned;
  const verdict = judge(prompt, body, state);
  const extraData = readExtraData(body);
  if (!verdict.ok) {
    state.ledger.append('prompt_refused', { prompt_id: promptId, error: verdict.error.type });
    return replyJson({ error: { ...verdict.error }, node_errors: verdict.nodeErrors }, 400);
  }
  const accepted = {
    promptId,
    number,
    numberText,
    prompt: prompt as JsonObject,
    extraData,
    outputs: verdict.outputs,
  };
  acceptPrompt(accepted, state);
  const nodeErrors =
    state.faults.take('partial_node_errors', promptId) === undefined
      ? verdict.nodeErrors
      : inventNodeErrors(accepted.prompt);
  return replyJsonText(
    `{"prompt_id": ${writeString(promptId)}, "number": ${numberText}, "node_errors": ${writeJson(nodeErrors)}}`,
  );
}

function readPriority(body: JsonObject, state: ServerState): { number: number; numberText: string } {
  const asked = body.get('number');
  if (asked !== undefined) {
    const value = isNumber(asked)
      ? toNumber(asked)
      : typeof asked === 'string' && asked.trim() !== ''
        ? Number(asked)
        : Number.NaN;
    if (Number.isNaN(value)) throw new HandlerRaised(`could not convert to float: ${writeJson(asked)}`);
    return { number: value, numberText: printFloat(value) };
  }
  const counter = state.takeNumber();
  const number = body.get('front') === true && counter !== 0 ? -counter : counter;
  return { number, numberText: String(number) };
}

function choosePromptId(body: JsonObject, state: ServerState): string | undefined {
  const asked = body.get('prompt_id');
  switch (state.options.version) {
    case 'old':
      return state.nextPromptId();
    case 'new':
      if (asked === undefined || asked === null) return state.nextPromptId();
      return typeof asked === 'string' && CANONICAL_UUID.test(asked) ? asked : undefined;
    case '0.3.64':
      return asked === undefined ? state.nextPromptId() : printAsPython(asked);
  }
}

function refusePromptId(body: JsonObject): Reply {
  const details = `prompt_id must be a canonical UUID, got ${writeJson(body.get('prompt_id'))}`;
  const error = { type: 'invalid_prompt_id', message: 'Invalid prompt_id', details, extra_info: {} };
  return replyJson({ error, node_errors: {} }, 400);
}

/** The `validation_error` fault: a refusal as a worker without this model or class would give. */
function readPlannedRefusal(state: ServerState, promptId: string): Reply | undefined {
  const spec: FaultSpec | undefined = state.faults.take('validation_error', promptId);
  if (spec === undefined) return undefined;
  state.ledger.append('prompt_refused', { prompt_id: promptId, error: 'validation_error' });
  const className = readText(spec, 'class', 'MissingNode');
  if (readText(spec, 'kind', 'missing_class') === 'missing_class') {
    const message = `Cannot execute because node ${className} does not exist.`;
    return replyJson(
      {
        error: { type: 'invalid_prompt', message, details: "Node ID '#1'", extra_info: {} },
        node_errors: {},
      },
      400,
    );
  }
  const reason = {
    type: 'value_not_in_list',
    message: 'Value not in list',
    details: "ckpt_name: 'missing.safetensors' not in []",
    extra_info: { input_name: 'ckpt_name', input_config: [[], {}], received_value: 'missing.safetensors' },
  };
  const error = {
    type: 'prompt_outputs_failed_validation',
    message: 'Prompt outputs failed validation',
    details: `${reason.message}: ${reason.details}`,
    extra_info: {},
  };
  const nodeErrors = {
    '4': { errors: [reason], dependent_outputs: ['9'], class_type: 'CheckpointLoaderSimple' },
  };
  return replyJson({ error, node_errors: nodeErrors }, 400);
}

function inventNodeErrors(
  prompt: JsonObject,
): Record<string, { errors: JsonObject[]; dependent_outputs: string[]; class_type: string }> {
  const [id = '1'] = prompt.keys();
  const reason: JsonObject = new Map<string, Json>([
    ['type', 'required_input_missing'],
    ['message', 'Required input is missing'],
    ['details', 'images'],
    ['extra_info', new Map<string, Json>([['input_name', 'images']])],
  ]);
  return { [id]: { errors: [reason], dependent_outputs: [id], class_type: 'SaveImage' } };
}

function judge(prompt: Json, body: JsonObject, state: ServerState): Verdict {
  if (!isObject(prompt)) throw new HandlerRaised('prompt is not an object');
  const targets = body.get('partial_execution_targets');
  try {
    return validatePrompt(prompt, {
      catalog: state.catalog,
      files: state.files,
      isNew: state.options.version === 'new',
      ...(Array.isArray(targets) ? { targets: targets.map((id) => printAsPython(id)) } : {}),
    });
  } catch (error) {
    if (error instanceof BrokenPrompt) throw new HandlerRaised(error.message, { cause: error });
    throw error;
  }
}

function readExtraData(body: JsonObject): JsonObject {
  const given = body.get('extra_data');
  const clientId = body.get('client_id');
  if (given !== undefined && !isObject(given)) {
    if (clientId !== undefined) throw new HandlerRaised('extra_data does not take a client_id');
    return new Map();
  }
  const extraData: JsonObject = given ?? new Map();
  if (clientId !== undefined) extraData.set('client_id', clientId);
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
  if (state.options.version === 'new')
    accepted.extraData.set('create_time', Math.floor(state.options.clock.now()));
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

function postQueue(request: SimRequest, state: ServerState): Reply {
  const body = readObjectBody(request);
  if (body.get('clear') === true) {
    for (const item of state.queue.pending())
      state.ledger.append('prompt_deleted', { prompt_id: item.promptId });
    state.queue.clear();
    state.announceQueue();
  }
  const ids = body.get('delete');
  if (ids !== undefined && !Array.isArray(ids)) throw new HandlerRaised('delete is not a list');
  for (const id of ids ?? []) {
    const wasLast = state.queue.pending().length === 1;
    if (typeof id !== 'string' || !state.queue.remove(id)) continue;
    state.ledger.append('prompt_deleted', { prompt_id: id });
    if (wasLast) state.announceQueue(); // ComfyUI wipes the queue then, and says so twice
    state.announceQueue();
  }
  return replyEmpty();
}

function postInterrupt(request: SimRequest, state: ServerState): Reply {
  let promptId: Json | undefined;
  try {
    promptId = readObjectBody(request).get('prompt_id');
  } catch (error) {
    if (!(error instanceof HandlerRaised)) throw error; // an empty or bad body means: whatever runs
  }
  const isTargeted =
    state.options.version !== 'old' && promptId !== undefined && promptId !== null && promptId !== '';
  if (!isTargeted || state.queue.running()?.promptId === promptId) state.worker.interrupt();
  return replyEmpty();
}

function listQueue(_request: SimRequest, state: ServerState): Reply {
  const running = state.queue.running();
  const huge = state.faults.take('queue_huge');
  const pending = state.queue.pending().map((item) => writeQueueItem(item));
  if (huge !== undefined) {
    const count = typeof huge.count === 'number' ? huge.count : 1000;
    const size = typeof huge.bytes === 'number' ? huge.bytes : 500_000;
    const filler = `{"1": {"class_type": "EmptyImage", "inputs": {"filler": "${'x'.repeat(size)}"}}}`;
    for (let i = 0; i < count; i += 1) pending.push(`[${100_000 + i}, "foreign-${i}", ${filler}, {}, ["1"]]`);
  }
  return replyJsonText(
    `{"queue_running": [${running === undefined ? '' : writeQueueItem(running)}], "queue_pending": [${pending.join(', ')}]}`,
  );
}

function describeQueue(_request: SimRequest, state: ServerState): Reply {
  return replyJsonText(`{"exec_info": {"queue_remaining": ${state.queue.remaining()}}}`);
}

function postFree(request: SimRequest, state: ServerState): Reply {
  const body = readObjectBody(request);
  const flags = {
    unloadModels: body.get('unload_models') === true,
    freeMemory: body.get('free_memory') === true,
  };
  if (flags.unloadModels || flags.freeMemory) state.worker.free(flags);
  return replyEmpty();
}

/** Prompts, queue, interrupt, free (protocol 3 and 4). */
export const PROMPT_ROUTES: readonly Route[] = [
  route('GET', '/prompt', describeQueue),
  route('POST', '/prompt', postPrompt),
  route('GET', '/queue', listQueue),
  route('POST', '/queue', postQueue),
  route('POST', '/interrupt', postInterrupt),
  route('POST', '/free', postFree),
];
