import { JsonBytes, type JsonLimits, JsonTooLarge } from '../json/json-bytes.ts';
import { parseLargeJson } from '../json/large-json.ts';
import type { Clock } from '../time/clock.ts';
import { startTimeSlice } from '../time/time-slice.ts';
import { ComfyError } from './comfy-error.ts';
import type { HttpResponse } from './http-transport.ts';
import { concatBytes } from './multipart.ts';

/** A smaller response is read without yielding. */
const AT_ONCE_BYTES = 256 * 1024;
/** Characters quoted of a response that is not JSON. */
const QUOTED = 500;

export interface ReadOptions {
  limits: JsonLimits;
  clock: Clock;
}

/**
 * Reads a JSON response of any size without blocking the thread; strings above 1 MiB are cut, with a mark. Throws ComfyError:
 * TOO_LARGE above a limit, INVALID_BODY with its beginning if it is not JSON, and those of the transport. `name` is for errors.
 */
export async function readJson(
  response: HttpResponse,
  name: string,
  { limits, clock }: ReadOptions,
): Promise<unknown> {
  const bytes = await readJsonBytes(response, name, { limits, clock });
  try {
    return await parseLargeJson(bytes, startTimeSlice(clock));
  } catch (cause) {
    throw new ComfyError('INVALID_BODY', `${name} is not JSON`, {
      cause,
      details: { bodyText: quote(bytes) },
    });
  }
}

/** The same, unparsed. */
export async function readJsonBytes(
  response: HttpResponse,
  name: string,
  { limits, clock }: ReadOptions,
): Promise<Uint8Array> {
  const json = new JsonBytes(limits);
  const slice = startTimeSlice(clock);
  let received = 0;
  try {
    for await (const chunk of response.body) {
      json.add(chunk);
      received += chunk.length;
      if (received > AT_ONCE_BYTES) await slice.yieldIfSpent();
    }
  } catch (cause) {
    if (!(cause instanceof JsonTooLarge)) throw cause;
    throw new ComfyError('TOO_LARGE', `${name} has ${cause.message}`, { cause });
  }
  return json.join();
}

/** The beginning of a response of any kind; the rest is not read. */
export async function readBeginning({ body }: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    received += chunk.length;
    if (received >= QUOTED * 4) break;
  }
  return quote(concatBytes(chunks));
}

function quote(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, QUOTED * 4)).slice(0, QUOTED);
}
