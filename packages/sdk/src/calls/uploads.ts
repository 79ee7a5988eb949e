import { type Upload, uploadListSchema, uploadSchema } from '@comfleet/contract';
import type { CallOptions, HttpTransport } from '../http/transport.ts';
import { type Download, type DownloadOptions, openDownload } from './download.ts';

/** Everything about the caller's files. */
export class UploadCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  /** Sends a file. There is no time limit unless one is given: large files take long. */
  async create(
    content: Blob | Uint8Array<ArrayBuffer>,
    name: string,
    options: CallOptions = {},
  ): Promise<Upload> {
    const form = new FormData();
    form.set('file', content instanceof Blob ? content : new Blob([content]), name);
    const request = {
      timeoutMs: 0,
      ...options,
      method: 'POST',
      path: '/api/fleet/uploads',
      body: form,
    } as const;
    return await this.#transport.json(request, uploadSchema);
  }

  async list(options: CallOptions = {}): Promise<Upload[]> {
    const request = { ...options, method: 'GET', path: '/api/fleet/uploads' } as const;
    return (await this.#transport.json(request, uploadListSchema)).uploads;
  }

  async load(uploadId: string, options: CallOptions = {}): Promise<Upload> {
    return await this.#transport.json({ ...options, method: 'GET', path: pathOf(uploadId) }, uploadSchema);
  }

  async remove(uploadId: string, options: CallOptions = {}): Promise<void> {
    await this.#transport.send({ ...options, method: 'DELETE', path: pathOf(uploadId) }, (r) => r.text());
  }

  /** The bytes of an upload or of any result, by its asset id. */
  async download(assetId: string, options: DownloadOptions = {}): Promise<Download> {
    return await openDownload(
      this.#transport,
      `/api/fleet/assets/${encodeURIComponent(assetId)}/content`,
      options,
    );
  }
}

function pathOf(uploadId: string): string {
  return `/api/fleet/uploads/${encodeURIComponent(uploadId)}`;
}
