import { WebSocket } from 'ws';
import type { SocketDialer, SocketHandlers, SocketLike } from '../socket/socket-dialer.ts';

/** A picture of SaveImageWebsocket is one frame; a larger one ends the connection, and its prompt is polled. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;
/** Limit of a text frame: progress of some thousand nodes. A larger one is dropped, because history has all that matters. */
const MAX_TEXT_BYTES = 1024 * 1024;
const NO_STATUS = 1006;

/** The socket dialer for Node: no compression, no Origin header, frames up to 64 MiB (1 MiB of text), no redirects. */
export function createNodeDialer(
  options: { handshakeTimeoutMs?: number; maxFrameBytes?: number } = {},
): SocketDialer {
  return {
    dial: (url, headers, { ca, verify = true } = {}) =>
      wrap(
        new WebSocket(url, {
          headers: headers ?? {},
          perMessageDeflate: false,
          handshakeTimeout: options.handshakeTimeoutMs ?? 5000,
          maxPayload: options.maxFrameBytes ?? MAX_FRAME_BYTES,
          followRedirects: false,
          rejectUnauthorized: verify,
          ...(ca === undefined ? {} : { ca }),
          // Invalid UTF-8 is no valid JSON either; validating a large frame takes longer than dropping it.
          skipUTF8Validation: true,
        }),
      ),
  };
}

function wrap(socket: WebSocket): SocketLike {
  return {
    listen: (handlers) => listen(socket, handlers),
    send: (text) => socket.send(text),
    ping: () => {
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    },
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}

function listen(socket: WebSocket, handlers: SocketHandlers): void {
  socket.on('open', () => handlers.onOpen());
  socket.on('message', (data, isBinary) => {
    const bytes = Array.isArray(data)
      ? Buffer.concat(data)
      : Buffer.isBuffer(data)
        ? data
        : Buffer.from(data);
    if (isBinary) handlers.onBinary(bytes);
    else if (bytes.length > MAX_TEXT_BYTES) handlers.onDropped?.();
    else handlers.onText(bytes.toString('utf8'));
  });
  socket.on('pong', () => handlers.onPong?.());
  socket.on('error', (error) => handlers.onError(error));
  socket.on('close', (code, reason) =>
    handlers.onClose({ code, reason: reason.toString('utf8'), clean: code !== NO_STATUS }),
  );
}
