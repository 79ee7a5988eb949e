import { Readable } from 'node:stream';
import { Agent, type Dispatcher, request as sendRequest } from 'undici';
import { ComfyError, type ComfyErrorCode, type ComfyErrorDetails } from '../http/comfy-error.ts';
import type { HttpRequest, HttpResponse, HttpTransport, TlsTrust } from '../http/http-transport.ts';
import { readCertificateFault } from './certificate-fault.ts';

/** A transport that can be closed; closing drops idle connections and fails running requests. */
export interface NodeTransport extends HttpTransport {
  close(): Promise<void>;
}

/**
 * The HTTP transport for Node: keep-alive connections to each server, total deadlines, size caps, no redirects, no Origin. A GET
 * whose connection breaks before any response is sent once more, other methods never (protocol 13.19).
 */
export function createNodeTransport(
  options: { connections?: number; connectTimeoutMs?: number } = {},
): NodeTransport {
  /** By trust settings: a connection keeps its own for good. */
  const agents = new Map<string, Agent>();
  const open = ({ ca, verify = true }: TlsTrust): Agent =>
    new Agent({
      connections: options.connections ?? 32,
      connect: {
        timeout: options.connectTimeoutMs ?? 5000,
        rejectUnauthorized: verify,
        ...(ca === undefined ? {} : { ca }),
      },
      keepAliveTimeout: 20_000,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  const choose = (tls: TlsTrust = {}): Agent => {
    const key = JSON.stringify([tls.ca ?? null, tls.verify ?? true]);
    const agent = agents.get(key) ?? open(tls);
    agents.set(key, agent);
    return agent;
  };
  return {
    request: async (request) => requestOnce(choose(request.tls), request),
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

async function requestOnce(agent: Agent, request: HttpRequest): Promise<HttpResponse> {
  try {
    return await send(agent, request);
  } catch (error) {
    if (request.method !== 'GET' || !(error instanceof ComfyError) || error.code !== 'RESET') throw error;
    return send(agent, request);
  }
}

async function send(agent: Agent, request: HttpRequest): Promise<HttpResponse> {
  const deadline = openDeadline(request);
  try {
    const response = await sendRequest(request.url, {
      dispatcher: agent,
      method: request.method,
      headers: request.headers ?? {},
      body: toUndiciBody(request.body),
      signal: deadline.signal,
    });
    return toResponse(response, request, deadline);
  } catch (error) {
    deadline.close();
    throw toComfyError(error, request, deadline);
  }
}

function toResponse(answer: Dispatcher.ResponseData, request: HttpRequest, deadline: Deadline): HttpResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  // The reader of the body gets its errors; those of an unread body must not crash the process.
  answer.body.on('error', () => undefined);
  const body = readBody(answer, request, deadline);
  return {
    status: answer.statusCode,
    headers,
    body,
    text: async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}

async function* readBody(
  answer: Dispatcher.ResponseData,
  request: HttpRequest,
  deadline: Deadline,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  try {
    deadline.expectBytes();
    for await (const chunk of answer.body) {
      if (!(chunk instanceof Uint8Array)) continue;
      received += chunk.length;
      if (request.maxBytes !== undefined && received > request.maxBytes) {
        throw new ComfyError('TOO_LARGE', `The answer exceeds ${request.maxBytes} bytes`);
      }
      deadline.pause();
      yield chunk;
      deadline.expectBytes();
    }
  } catch (error) {
    throw toComfyError(error, request, deadline);
  } finally {
    deadline.close();
    // Stops a body that is not read to its end; harmless after it.
    answer.body.destroy();
  }
}

/** Aborts a request by its signal, at its total deadline, or when no byte arrived for too long. */
interface Deadline {
  signal: AbortSignal;
  timedOut(): boolean;
  /** Restarts the wait for the next byte. */
  expectBytes(): void;
  /** The reader is busy: its slowness is not the server's. */
  pause(): void;
  close(): void;
}

function openDeadline(request: HttpRequest): Deadline {
  const controller = new AbortController();
  let timedOut = false;
  const expire = (): void => {
    timedOut = true;
    controller.abort();
  };
  const total = request.timeoutMs === undefined ? undefined : setTimeout(expire, request.timeoutMs);
  const idleMs = request.idleTimeoutMs;
  let idle = idleMs === undefined ? undefined : setTimeout(expire, idleMs);
  const forward = (): void => controller.abort();
  if (request.signal?.aborted) controller.abort();
  request.signal?.addEventListener('abort', forward, { once: true });
  return {
    signal: controller.signal,
    timedOut: () => timedOut,
    expectBytes: () => {
      clearTimeout(idle);
      if (idleMs !== undefined) idle = setTimeout(expire, idleMs);
    },
    pause: () => clearTimeout(idle),
    close: () => {
      clearTimeout(total);
      clearTimeout(idle);
      request.signal?.removeEventListener('abort', forward);
    },
  };
}

function toUndiciBody(body: HttpRequest['body']): Dispatcher.DispatchOptions['body'] {
  if (body === undefined) return null;
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  if (body instanceof FormData)
    throw new ComfyError('INVALID_BODY', 'FormData bodies need the fetch transport');
  return Readable.from(body, { objectMode: false });
}

const CODES: Record<string, ComfyErrorCode> = {
  ECONNREFUSED: 'CONNECTION_REFUSED',
  ENOTFOUND: 'CONNECTION_REFUSED',
  EAI_AGAIN: 'CONNECTION_REFUSED',
  EHOSTUNREACH: 'CONNECTION_REFUSED',
  ENETUNREACH: 'CONNECTION_REFUSED',
  UND_ERR_CONNECT_TIMEOUT: 'CONNECTION_REFUSED',
  UND_ERR_HEADERS_TIMEOUT: 'TIMEOUT',
  UND_ERR_BODY_TIMEOUT: 'TIMEOUT',
};

function toComfyError(error: unknown, request: HttpRequest, deadline: Deadline): ComfyError {
  if (error instanceof ComfyError) return error;
  const path = new URL(request.url).pathname;
  if (deadline.timedOut())
    return new ComfyError('TIMEOUT', `${request.method} ${path} timed out`, { cause: error });
  if (deadline.signal.aborted)
    return new ComfyError('ABORTED', `${request.method} ${path} was aborted`, { cause: error });
  const systemCode = readCode(error) ?? '';
  const certificate = readCertificateFault(systemCode, error);
  if (certificate !== null) {
    const message = `${request.method} ${path}: the certificate is not accepted (${systemCode})`;
    return new ComfyError('CONNECTION_REFUSED', message, { cause: error, details: { certificate } });
  }
  const code = CODES[systemCode] ?? 'RESET';
  const words = code === 'CONNECTION_REFUSED' ? 'found no server' : 'broke';
  const details: ComfyErrorDetails = systemCode === 'ECONNREFUSED' ? { portClosed: true } : {};
  return new ComfyError(code, `${request.method} ${path} ${words}`, { cause: error, details });
}

/** The system's code; if several addresses were tried, that of the first. */
function readCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return readCode(error.errors[0]);
  return readCode(error.cause);
}
