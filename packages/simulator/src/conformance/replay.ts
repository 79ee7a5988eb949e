import { randomUUID } from 'node:crypto';
import { posix } from 'node:path';
import { encodePng } from '../images/png.ts';
import { type Dialogue, openDialogue } from './dialogue.ts';
import {
  type HttpLine,
  isPlainObject,
  type Plain,
  type PlainObject,
  type TranscriptLine,
} from './transcript.ts';

/** How one recording is replayed. */
export interface ReplayPlan {
  readonly lines: readonly TranscriptLine[];
  /** Send `feature_flags` as the first message. */
  readonly wantsMetadata: boolean;
  /** Close the socket during the run and open another with the same id. */
  readonly reconnects: boolean;
}

/** Maximum wait for a server that sends less than the recorded one; the comparison then shows the difference. */
const WAIT_MS = 60_000;

/** Sends the requests of a recording to a server and records its responses. */
export async function replay(baseUrl: string, plan: ReplayPlan): Promise<readonly TranscriptLine[]> {
  const clientId = randomUUID();
  const dialogue = await openDialogue(baseUrl, clientId);
  try {
    if (plan.wantsMetadata) dialogue.sendFlags();
    await dialogue.waitFor(
      (line) => line.kind === 'text' && line.type === (plan.wantsMetadata ? 'feature_flags' : 'status'),
      WAIT_MS,
    );
    const session = new ReplaySession(dialogue, clientId);
    for (const [index, line] of plan.lines.entries()) {
      if (line.kind !== 'http') continue;
      await session.waitUntilAsFar(plan.lines.slice(0, index), plan.reconnects);
      await session.perform(line);
      if (plan.reconnects && line.target === '/prompt' && line.method === 'POST') await reconnect(dialogue);
    }
    return dialogue.lines;
  } finally {
    await dialogue.close();
  }
}

/** Waits for half of the run, closes cleanly, connects again and receives the rest. */
async function reconnect(dialogue: Dialogue): Promise<void> {
  await dialogue.waitFor((line) => line.kind === 'text' && line.type === 'progress', WAIT_MS);
  await dialogue.reopen();
  await dialogue.waitFor(
    (line) => line.kind === 'text' && line.type === 'executing' && line.data.node === null,
    WAIT_MS,
  );
}

class ReplaySession {
  private readonly ids = new Map<string, string>();
  private readonly dialogue: Dialogue;
  private readonly clientId: string;

  constructor(dialogue: Dialogue, clientId: string) {
    this.dialogue = dialogue;
    this.clientId = clientId;
  }

  /** Waits until the server has sent what the recorded one had sent before the next request. */
  async waitUntilAsFar(before: readonly TranscriptLine[], reconnects: boolean): Promise<void> {
    if (reconnects) return;
    const wanted = before.filter(isMilestone);
    await this.dialogue.waitFor(
      () => this.dialogue.lines.filter(isMilestone).length >= wanted.length,
      WAIT_MS,
    );
  }

  async perform(line: HttpLine): Promise<void> {
    if (line.form !== undefined) return this.dialogue.upload(line.target, buildForm(line.form), line.form);
    const received = await this.dialogue.request({
      method: line.method,
      target: this.translateTarget(line.target),
      body: line.request === undefined ? undefined : this.translate(line.request),
      text: line.requestText,
      headers: line.requestHeaders,
    });
    // An id created by the server: later requests name it.
    const [recorded, created] = [readPromptId(line), readPromptId(received)];
    if (recorded !== undefined && created !== undefined) this.ids.set(recorded, created);
  }

  /** The recorded body with new ids; everything else is sent as recorded. */
  private translate(request: PlainObject): PlainObject {
    const body: PlainObject = { ...request };
    if (typeof request.client_id === 'string') body.client_id = this.clientId;
    if (typeof request.prompt_id === 'string' && UUID.test(request.prompt_id))
      body.prompt_id = this.idFor(request.prompt_id);
    for (const key of ['delete', 'job_ids']) {
      const ids = request[key];
      if (Array.isArray(ids))
        body[key] = ids.map((id) => (typeof id === 'string' ? (this.ids.get(id) ?? id) : id));
    }
    return body;
  }

  private translateTarget(target: string): string {
    const [path = '', search] = target.split('?');
    const named = path
      .split('/')
      .map((part) => this.ids.get(part) ?? part)
      .join('/');
    if (path !== '/view' || search === undefined) return search === undefined ? named : `${named}?${search}`;
    const query = new URLSearchParams(search);
    const name = query.get('filename') ?? '';
    const actual = this.dialogue.shownFiles().find((file) => withoutCounter(file) === withoutCounter(name));
    if (actual === undefined || !COUNTER.test(name)) return target;
    query.set('filename', actual);
    return `/view?${query.toString().replaceAll('+', '%20')}`;
  }

  private idFor(recorded: string): string {
    const known = this.ids.get(recorded) ?? randomUUID();
    this.ids.set(recorded, known);
    return known;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const COUNTER = /_\d{5}(_?)\./;

function withoutCounter(name: string): string {
  return name.replace(COUNTER, '$1.').replace(/_temp_[a-z]{5}_/, '_temp_');
}

function readPromptId({ method, target, response }: HttpLine): string | undefined {
  if (method !== 'POST' || target !== '/prompt' || !isPlainObject(response)) return undefined;
  return typeof response.prompt_id === 'string' ? response.prompt_id : undefined;
}

/** Frames that mark the progress of a run: starts, ends, nodes, and whole steps of a sampler. */
function isMilestone(line: TranscriptLine): boolean {
  if (line.kind !== 'text') return false;
  if (line.type === 'progress')
    return (
      Number.isInteger(line.data.value) &&
      Number.isInteger(line.data.max) &&
      line.data.max !== 1 &&
      isStep(line.data)
    );
  return [
    'execution_start',
    'executing',
    'executed',
    'execution_success',
    'execution_error',
    'execution_interrupted',
  ].includes(line.type);
}

function isStep(data: PlainObject): boolean {
  return typeof data.max === 'number' && data.max >= 8;
}

const PICTURE = { width: 48, height: 32 };

/** Files that are not pictures, by extension. */
const OTHER_FILES: Readonly<Record<string, string>> = {
  '.obj': 'v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n',
  '.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  '.html': '<p>hi</p>',
};

/** The uploaded picture: always the same bytes, unless the recording says "other". */
function buildForm(form: PlainObject): { filename: string; bytes: Buffer; fields: Record<string, string> } {
  const fields: Record<string, string> = {};
  for (const name of ['type', 'subfolder', 'overwrite']) {
    const value: Plain | undefined = form[name];
    if (typeof value === 'string') fields[name] = value;
  }
  const filename = typeof form.image === 'string' ? form.image : 'in.png';
  const other = OTHER_FILES[posix.extname(filename)];
  return { filename, bytes: other === undefined ? drawPicture(form) : Buffer.from(other), fields };
}

function drawPicture(form: PlainObject): Buffer {
  const data = new Uint8Array(PICTURE.width * PICTURE.height * 4).fill(form.note === undefined ? 200 : 90);
  return encodePng({ ...PICTURE, channels: 4, data });
}
