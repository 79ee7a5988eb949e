import { ComfyError, type HttpResponse, type HttpTransport } from '@comfleet/comfyui';

/** Forwards requests, and calls `onFailure` when a connection fails, even in the middle of a body (HR6). */
export function watchTransport(transport: HttpTransport, onFailure: () => void): HttpTransport {
  const reportFailure = (thrown: unknown): never => {
    if (isConnectionFailure(thrown)) onFailure();
    throw thrown;
  };
  return {
    request: async (request) => {
      const response = await transport.request(request).catch(reportFailure);
      return watchBody(response, reportFailure);
    },
  };
}

function watchBody(response: HttpResponse, reportFailure: (thrown: unknown) => never): HttpResponse {
  return {
    status: response.status,
    headers: response.headers,
    text: () => response.text().catch(reportFailure),
    body: passOn(response.body, reportFailure),
  };
}

async function* passOn(
  body: AsyncIterable<Uint8Array>,
  reportFailure: (thrown: unknown) => never,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (thrown) {
    reportFailure(thrown);
  }
}

function isConnectionFailure(thrown: unknown): boolean {
  if (!(thrown instanceof ComfyError)) return false;
  return thrown.code === 'CONNECTION_REFUSED' || thrown.code === 'RESET' || thrown.code === 'TIMEOUT';
}
