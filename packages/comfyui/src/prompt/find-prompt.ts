import type { ComfyHttp } from '../http/comfy-http.ts';
import type { Clock } from '../time/clock.ts';

/**
 * Where a prompt is, by its server. queued: it waits or runs. ended: it is in the history. absent: neither. unreachable: the
 * server did not answer, so the prompt may be there; never treat it as absent.
 */
export type PromptPlace = 'queued' | 'ended' | 'absent' | 'unreachable';

/** Limits of one lookup, and a callback for failures. */
export interface LookupOptions {
  /** Timeout of each of its two requests, ms. Default 5 s. */
  timeoutMs?: number;
  onFailed?: (cause: unknown) => void;
}

/** Looks a prompt up once. Queue before history, so that a prompt that ends in between is not reported absent. Never throws. */
export async function findPrompt(
  http: ComfyHttp,
  promptId: string,
  { timeoutMs = 5000, onFailed }: LookupOptions = {},
): Promise<PromptPlace> {
  try {
    const { running, pending } = await http.loadQueue({ timeoutMs });
    if ([...running, ...pending].some((item) => item.promptId === promptId)) return 'queued';
    return (await http.loadHistory(promptId, { timeoutMs })) === null ? 'absent' : 'ended';
  } catch (cause) {
    onFailed?.(cause);
    return 'unreachable';
  }
}

/** When to look a prompt up after an unclear POST, in ms: four times, because a POST can land late. */
const LOOKUP_AT_MS = [0, 1000, 3000, 5000];

export interface PollJob extends LookupOptions {
  http: ComfyHttp;
  promptId: string;
  clock: Clock;
  /** Ends the lookups: the call then rejects with the reason. */
  signal?: AbortSignal | undefined;
}

/** Looks up a prompt that may have been accepted, at 0, 1, 3 and 5 s. Returns where it was found, else the last finding. */
export async function pollForPrompt(job: PollJob): Promise<PromptPlace> {
  let place: PromptPlace = 'unreachable';
  let waitedMs = 0;
  for (const atMs of LOOKUP_AT_MS) {
    await job.clock.sleep(atMs - waitedMs, job.signal);
    waitedMs = atMs;
    place = await findPrompt(job.http, job.promptId, job);
    if (isThere(place)) return place;
  }
  return place;
}

/** True when the server has, or had, the prompt, so that it was accepted. */
export function isThere(place: PromptPlace): boolean {
  return place === 'queued' || place === 'ended';
}
