import type { Json } from '../json/lossless-json.ts';
import { isSince } from '../profile.ts';
import { writeQueueItem } from '../queue/history.ts';
import { postPrompt } from './post-prompt.ts';
import {
  HandlerRaised,
  type Reply,
  readObjectBody,
  replyEmpty,
  replyJsonText,
  type SimRequest,
} from './reply.ts';
import { type Route, route, type ServerState } from './server-state.ts';

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
    if (wasLast) state.announceQueue(); // ComfyUI then clears the queue, and announces it twice
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
    isSince(state.options.version, '0.3.64') &&
    promptId !== undefined &&
    promptId !== null &&
    promptId !== '';
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
