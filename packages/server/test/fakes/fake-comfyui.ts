import type { SocketDialer, SocketHandlers, SocketLike } from '@comfleet/comfyui';
import { ComfyError, type ComfyErrorCode, type HttpRequest, type HttpTransport } from '@comfleet/comfyui';

const OBJECT_INFO = {
  CheckpointLoaderSimple: { input: { required: { ckpt_name: [['sub\\a.safetensors', 'b.safetensors']] } } },
  SaveImage: { input: { required: { images: ['IMAGE'] } }, output_node: true },
};

/** A ComfyUI as bytes on a wire; the response of each route can be changed while it runs. */
export class FakeComfyui {
  version = '0.3.64';
  vramFree = 24_000_000_000;
  argv = ['main.py', '--port', '8188'];
  /** Every request fails with this while set. */
  failure: ComfyErrorCode | null = null;
  /** Hosts, `name:port`, whose requests are refused. */
  readonly down = new Set<string>();
  readonly requests: string[] = [];
  readonly timeouts: (number | undefined)[] = [];
  readonly answers = new Map<string, unknown>([
    ['/object_info', OBJECT_INFO],
    ['/features', { max_upload_size: 104857600 }],
    ['/models', ['checkpoints', 'custom_nodes']],
    ['/models/checkpoints', ['sub\\a.safetensors', 'b.safetensors']],
    ['/embeddings', ['easynegative']],
  ]);
  readonly sockets: FakeSocket[] = [];

  readonly transport: HttpTransport = {
    request: async (request: HttpRequest) => {
      const path = new URL(request.url).pathname;
      this.requests.push(path);
      if (path === '/system_stats') this.timeouts.push(request.timeoutMs);
      if (this.down.has(new URL(request.url).host))
        throw new ComfyError('CONNECTION_REFUSED', 'fake refusal', { details: { portClosed: true } });
      if (this.failure) throw new ComfyError(this.failure, `fake ${this.failure}`);
      const answer =
        path === '/system_stats' && !this.answers.has(path) ? this.#stats() : this.answers.get(path);
      const text = answer === undefined ? '' : JSON.stringify(answer);
      return {
        status: answer === undefined ? 404 : 200,
        headers: {},
        text: async () => text,
        body: (async function* () {
          yield Buffer.from(text);
        })(),
      };
    },
  };

  readonly dialer: SocketDialer = {
    dial: () => {
      const socket = new FakeSocket();
      this.sockets.push(socket);
      return socket;
    },
  };

  #stats(): unknown {
    return {
      system: { comfyui_version: this.version, argv: this.argv },
      devices: [{ name: 'cuda:0', type: 'cuda', vram_total: 25769803776, vram_free: this.vramFree }],
    };
  }
}

/** A socket whose other end the test controls. */
export class FakeSocket implements SocketLike {
  handlers: SocketHandlers | null = null;

  listen(handlers: SocketHandlers): void {
    this.handlers = handlers;
  }

  send(): void {}

  close(): void {
    this.handlers?.onClose({ code: 1000, reason: '', clean: true });
  }

  terminate(): void {
    this.handlers?.onClose({ code: 1006, reason: '', clean: false });
  }
}
