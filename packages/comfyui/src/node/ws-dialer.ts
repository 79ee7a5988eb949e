import { WebSocket } from 'ws';
import type { SocketDialer, SocketHandlers, SocketLike } from '../socket/socket-dialer.ts';

const MAX_FRAME_BYTES = 128 * 1024 * 1024;
const NO_STATUS = 1006;

/** The socket dialer for Node: no compression, no Origin header, frames up to 128 MiB, no redirects. */
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
    else handlers.onText(bytes.toString('utf8'));
  });
  socket.on('pong', () => handlers.onPong?.());
  socket.on('error', (error) => handlers.onError(error));
  socket.on('close', (code, reason) =>
    handlers.onClose({ code, reason: reason.toString('utf8'), clean: code !== NO_STATUS }),
  );
}
