import { ComfyError } from './comfy-error.ts';
import type { HttpRequest, HttpResponse, HttpTransport } from './http-transport.ts';
import { concatBytes } from './multipart.ts';

/** The part of `fetch` that the transport uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * The HTTP transport for browsers, over their `fetch`. It cannot distinguish a refused connection from a broken one, so a failed
 * POST is always unclear; streams are collected before they are sent.
 */
export function createFetchTransport(fetch: Fetch): HttpTransport {
  return { request: (request) => send(fetch, request) };
}

async function send(fetch: Fetch, request: HttpRequest): Promise<HttpResponse> {
  const timeout = request.timeoutMs === undefined ? undefined : AbortSignal.timeout(request.timeoutMs);
  const signals = [request.signal, timeout].filter((signal) => signal !== undefined);
  try {
    const body = await toFetchBody(request.body);
    const response = await fetch(request.url, {
      method: request.method,
      redirect: 'manual',
      signal: AbortSignal.any(signals),
      headers: withoutLength(request.headers),
      ...(body === undefined ? {} : { body }),
    });
    return toResponse(response, request, timeout);
  } catch (error) {
    throw toComfyError(error, request, timeout);
  }
}

function toResponse(answer: Response, request: HttpRequest, timeout: AbortSignal | undefined): HttpResponse {
  const body = readBody(answer, request, timeout);
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers.entries()),
    body,
    text: async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return new TextDecoder().decode(concatBytes(chunks));
    },
  };
}

async function* readBody(
  answer: Response,
  request: HttpRequest,
  timeout: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = answer.body?.getReader();
  if (reader === undefined) return;
  let received = 0;
  let finished = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      finished = done;
      if (done) return;
      received += value.length;
      if (request.maxBytes !== undefined && received > request.maxBytes) {
        throw new ComfyError('TOO_LARGE', `The answer exceeds ${request.maxBytes} bytes`);
      }
      yield value;
    }
  } catch (error) {
    throw toComfyError(error, request, timeout);
  } finally {
    if (!finished) await reader.cancel().catch(() => undefined); // the body has failed already; the caller gets its error
  }
}

/** `fetch` computes the content length itself and rejects the header. */
function withoutLength(headers: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-length'),
  );
}

async function toFetchBody(
  body: HttpRequest['body'],
): Promise<string | Uint8Array<ArrayBuffer> | FormData | undefined> {
  if (body === undefined || typeof body === 'string' || body instanceof FormData) return body;
  if (body instanceof Uint8Array) return concatBytes([body]);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return concatBytes(chunks);
}

function toComfyError(error: unknown, request: HttpRequest, timeout: AbortSignal | undefined): ComfyError {
  if (error instanceof ComfyError) return error;
  const path = new URL(request.url).pathname;
  if (timeout?.aborted)
    return new ComfyError('TIMEOUT', `${request.method} ${path} timed out`, { cause: error });
  if (request.signal?.aborted) {
    return new ComfyError('ABORTED', `${request.method} ${path} was aborted`, { cause: error });
  }
  return new ComfyError('RESET', `${request.method} ${path} broke`, { cause: error });
}
