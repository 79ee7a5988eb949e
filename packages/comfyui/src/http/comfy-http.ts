import type { HistoryEntry } from '../completion/history-entry.ts';
import type { ObjectInfo } from '../graphs/object-info.ts';
import { isRecord, readNumber, readString, readStrings } from '../json/records.ts';
import { ComfyError } from './comfy-error.ts';
import { type CallOptions, HttpCalls, type HttpOptions, toStatusError } from './http-calls.ts';
import { withoutColours } from './log-text.ts';
import { loadFolderPaths, loadModelMetadata, loadModelSizes, loadModels } from './model-calls.ts';
import { buildMultipart } from './multipart.ts';
import { type QueueItem, readQueueItems } from './queue-item.ts';
import { type PromptRequest, type SubmitOutcome, submitPrompt } from './submit-prompt.ts';
import { readSystemStats, type SystemStats } from './system-stats.ts';

/** A file to upload. With `stream`, give `sizeBytes` when it is known. */
export interface UploadRequest {
  bytes?: Uint8Array;
  stream?: AsyncIterable<Uint8Array>;
  sizeBytes?: number;
  filename: string;
  type?: 'input' | 'temp' | 'output';
  subfolder?: string;
  overwrite?: boolean;
}

/** Where ComfyUI stored an upload: use this name, it may differ from the one sent (protocol 7.1). */
export interface UploadedFile {
  name: string;
  subfolder: string;
  type: string;
}

/** A file being read from `/view`; `status` is 206 for a range. Iterating `body` throws ComfyError when the connection breaks. */
export interface ViewedFile {
  status: number;
  headers: Record<string, string>;
  contentType: string | null;
  contentLength: number | null;
  body: AsyncIterable<Uint8Array>;
}

/** Enough for a graph of 250,000 values and as many output values. */
const HISTORY_VALUES = 500_000;

/** MiB and number of values: servers with thousands of classes have 20 and a million. */
const OBJECT_INFO = [64, 2_000_000] as const;

/** One write to the server's console; its line break is part of `text`. */
export interface LogEntry {
  time: string;
  text: string;
}

/** The HTTP routes of one ComfyUI server. Throws ComfyError; keeps no state. */
export class ComfyHttp {
  readonly #calls: HttpCalls;

  constructor(options: HttpOptions) {
    this.#calls = new HttpCalls(options);
  }

  /** Without a trailing slash. */
  get baseUrl(): string {
    return this.#calls.baseUrl;
  }

  /** POST /prompt, sent exactly once. The result is an outcome, not an exception. */
  submitPrompt(request: PromptRequest): Promise<SubmitOutcome> {
    return submitPrompt(this.#calls, request);
  }

  /** The history entry of a prompt; null while the server has none (unknown, waiting or running). */
  async loadHistory(promptId: string, options: CallOptions = {}): Promise<HistoryEntry | null> {
    const path = `/history/${encodeURIComponent(promptId)}`;
    const body = await this.#calls.loadRecord(
      path,
      { timeoutMs: 60_000, idleTimeoutMs: 15_000, ...options },
      64,
      HISTORY_VALUES,
    );
    const entry = body[promptId];
    if (isRecord(entry)) return entry;
    if (Object.keys(body).length === 0) return null;
    throw new ComfyError('INVALID_BODY', 'History answer does not hold the prompt', {
      details: { promptId },
    });
  }

  /** Both halves of the queue; `pending` in execution order. Items hold whole graphs: for counts use `loadQueueRemaining`. */
  async loadQueue(options: CallOptions = {}): Promise<{ running: QueueItem[]; pending: QueueItem[] }> {
    const answer = await this.#calls.loadRecord('/queue', options, 128);
    return {
      running: readQueueItems(answer['queue_running']),
      pending: readQueueItems(answer['queue_pending']),
    };
  }

  /** Number of prompts waiting and running, of all clients: the cheapest liveness check. */
  async loadQueueRemaining(options: CallOptions = {}): Promise<number> {
    const answer = await this.#calls.loadRecord('/prompt', options, 1);
    const info = answer['exec_info'];
    const remaining = isRecord(info) ? readNumber(info, 'queue_remaining') : undefined;
    if (remaining === undefined) throw new ComfyError('INVALID_BODY', 'GET /prompt has no queue_remaining');
    return remaining;
  }

  /** Deletes waiting prompts; the server ignores running and unknown ids. */
  async deleteQueued(promptIds: readonly string[], options: CallOptions = {}): Promise<void> {
    await this.#calls.post('/queue', { delete: promptIds }, options);
  }

  /** Interrupts this prompt if it is the running one (ComfyUI ≥ 0.3.57; on older ones, and without an id: whatever runs). */
  async interrupt(promptId?: string, options: CallOptions = {}): Promise<void> {
    await this.#calls.post('/interrupt', promptId === undefined ? {} : { prompt_id: promptId }, options);
  }

  /**
   * Cancels one prompt, waiting or running, in one step (ComfyUI ≥ 0.26). True: removed from the queue, or asked to stop, which
   * takes time. False: ended or unknown. Null: this server has no such route.
   */
  async cancelJob(promptId: string, options: CallOptions = {}): Promise<boolean | null> {
    const url = `${this.baseUrl}/api/jobs/${encodeURIComponent(promptId)}/cancel`;
    try {
      const answer = await this.#calls.callRecord({ method: 'POST', url, timeoutMs: 15_000, ...options }, 1);
      return answer['cancelled'] === true;
    } catch (error) {
      // An older server has no such address, or only allows GET there.
      if (error instanceof ComfyError && [404, 405].includes(error.details.status ?? 0)) return null;
      throw error;
    }
  }

  /** Asks the server to unload models or drop its caches after the running prompt. */
  async free(
    what: { unloadModels?: boolean; freeMemory?: boolean },
    options: CallOptions = {},
  ): Promise<void> {
    const body = { unload_models: what.unloadModels ?? false, free_memory: what.freeMemory ?? false };
    await this.#calls.post('/free', body, options);
  }

  /** Deletes entries from the server's history. */
  async deleteHistory(promptIds: readonly string[], options: CallOptions = {}): Promise<void> {
    await this.#calls.post('/history', { delete: promptIds }, options);
  }

  /** Version, memory and devices; missing parts are null or empty (C-9). `argv` holds paths: do not show it. */
  async loadSystemStats(options: CallOptions = {}): Promise<SystemStats> {
    return readSystemStats(await this.loadRawSystemStats(options));
  }

  /** The same as the server sent it. */
  loadRawSystemStats(options: CallOptions = {}): Promise<Record<string, unknown>> {
    return this.#calls.loadRecord('/system_stats', options, 1);
  }

  /** Every class of graph nodes the server knows; several MB and slow, so cache it. */
  async loadObjectInfo(options: CallOptions = {}): Promise<ObjectInfo> {
    const answer = await this.#calls.loadRecord(
      '/object_info',
      { timeoutMs: 120_000, ...options },
      ...OBJECT_INFO,
    );
    return Object.fromEntries(
      Object.entries(answer).filter((pair): pair is [string, ObjectInfo[string]] => isRecord(pair[1])),
    );
  }

  /** The same, unparsed, for `parseLargeJson`: equal bytes mean equal classes. */
  loadObjectInfoBytes(options: CallOptions = {}): Promise<Uint8Array> {
    return this.#calls.loadBytes('/object_info', { timeoutMs: 120_000, ...options }, ...OBJECT_INFO);
  }

  /** Old classes and their replacements (ComfyUI 0.14.0 and later); null if the server does not have the route. */
  async loadNodeReplacements(options: CallOptions = {}): Promise<unknown> {
    try {
      return await this.#calls.loadJson('/node_replacements', options, 4);
    } catch (error) {
      if (error instanceof ComfyError && error.code === 'BAD_STATUS') return null;
      throw error;
    }
  }

  /** File names of a model folder with `/` between folders, whatever the server's system; null when it has no such folder. */
  loadModels(folder: string, options: CallOptions = {}): Promise<string[] | null> {
    return loadModels(this.#calls, folder, options);
  }

  /**
   * Sizes in bytes of the files of a model folder, by name with `/` (protocol 2). The server walks the folder for it, so call
   * rarely. The first of two files with one name counts, as for the server's loaders. Null when it has no such folder, does not
   * list it here (`configs`), or is too old.
   */
  loadModelSizes(folder: string, options: CallOptions = {}): Promise<Map<string, number> | null> {
    return loadModelSizes(this.#calls, folder, options);
  }

  /** The `__metadata__` of a safetensors file; null when it has none. The server answers 500 for a damaged file. */
  loadModelMetadata(
    file: { folder: string; name: string },
    options: CallOptions = {},
  ): Promise<Record<string, unknown> | null> {
    return loadModelMetadata(this.#calls, file, options);
  }

  /** Paths of the model folders on the server's own disk, by their keys; empty if it does not report them. */
  loadFolderPaths(options: CallOptions = {}): Promise<Record<string, string[]>> {
    return loadFolderPaths(this.#calls, options);
  }

  /** Keys of the model folders (checkpoints, loras, …). */
  async listModelFolders(options: CallOptions = {}): Promise<string[]> {
    return readStrings(await this.#calls.loadJson('/models', options, 4));
  }

  /** Embedding names without extension. */
  async loadEmbeddings(options: CallOptions = {}): Promise<string[]> {
    return readStrings(await this.#calls.loadJson('/embeddings', options, 64)).map((name) =>
      name.replaceAll('\\', '/'),
    );
  }

  /** The last lines of the server's log, newest last; they may hold paths. Empty if the server has no such route. */
  async loadLogs(options: CallOptions = {}): Promise<string[]> {
    return (await this.loadLogEntries(options)).map(({ text }) => withoutColours(text));
  }

  /** The same as the process keeps it in memory: the last 300 writes to the console, with their times to the microsecond. */
  async loadLogEntries(options: CallOptions = {}): Promise<LogEntry[]> {
    try {
      const { entries } = await this.#calls.loadRecord('/internal/logs/raw', options, 16);
      if (!Array.isArray(entries)) return [];
      return entries
        .filter(isRecord)
        .map((entry) => ({ time: readString(entry, 't') ?? '', text: readString(entry, 'm') ?? '' }));
    } catch (error) {
      if (error instanceof ComfyError && error.details.status === 404) return [];
      throw error;
    }
  }

  /** The server's feature flags; empty on servers older than 0.3.45. */
  async loadFeatures(options: CallOptions = {}): Promise<Record<string, unknown>> {
    try {
      return await this.#calls.loadRecord('/features', options, 4);
    } catch (error) {
      if (error instanceof ComfyError && error.details.status === 404) return {};
      throw error;
    }
  }

  /** Uploads any kind of file (protocol 7.1); use the returned name. */
  async uploadImage(upload: UploadRequest, options: CallOptions = {}): Promise<UploadedFile> {
    const { headers, body } = buildMultipart(upload);
    const answer = await this.#calls.callRecord(
      { method: 'POST', url: `${this.baseUrl}/upload/image`, headers, body, timeoutMs: 600_000, ...options },
      1,
    );
    const name = readString(answer, 'name');
    if (name === undefined) throw new ComfyError('INVALID_BODY', 'Upload answer has no name');
    return {
      name,
      subfolder: readString(answer, 'subfolder') ?? '',
      type: readString(answer, 'type') ?? 'input',
    };
  }

  /** Opens a file of the server for reading, as a stream. `range` as in HTTP: `bytes=100-`. */
  async view(
    file: { filename: string; subfolder?: string; type?: string; preview?: string },
    options: CallOptions & { range?: string; idleTimeoutMs?: number } = {},
  ): Promise<ViewedFile> {
    const query = new URLSearchParams({ filename: file.filename, type: file.type ?? 'output' });
    if (file.subfolder) query.set('subfolder', file.subfolder);
    if (file.preview) query.set('preview', file.preview);
    const { range, ...bounds } = options;
    const response = await this.#calls.request({
      method: 'GET',
      url: `${this.baseUrl}/view?${query}`,
      ...(range === undefined ? {} : { headers: { range } }),
      idleTimeoutMs: 30_000,
      ...bounds,
    });
    if (response.status !== 200 && response.status !== 206) throw await toStatusError(response, '/view');
    const length = response.headers['content-length'];
    return {
      status: response.status,
      headers: response.headers,
      contentType: response.headers['content-type'] ?? null,
      contentLength: length === undefined ? null : Number(length),
      body: response.body,
    };
  }
}
