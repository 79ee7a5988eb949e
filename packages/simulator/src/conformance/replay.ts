import { randomUUID } from 'node:crypto';
import { encodePng } from '../images/png.ts';
import { type Dialogue, openDialogue } from './dialogue.ts';
import {
  type HttpLine,
  isPlainObject,
  type Plain,
  type PlainObject,
  type TranscriptLine,
} from './transcript.ts';

/** How one recording is played again. */
export interface ReplayPlan {
  readonly lines: readonly TranscriptLine[];
  /** Send `feature_flags` as the first message. */
  readonly wantsMetadata: boolean;
  /** Close the socket in mid-run and open another with the same id. */
  readonly reconnects: boolean;
}

/** A server that says less than the recorded one is not waited for any longer; the comparison shows it. */
const WAIT_MS = 15_000;

/** Sends the requests of a recording to a server again and records what it answers. */
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

/** Waits for half of the run, closes cleanly, opens again and hears the rest. */
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

  /** Waits until the server said what the recorded one had said before the next request. */
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
    const body = line.request === undefined ? undefined : this.translate(line.request);
    const target = this.translateTarget(line.target);
    await this.dialogue.request(line.method, target, body, line.target === '/prompt');
  }

  /** The recorded body with fresh ids. */
  private translate(request: PlainObject): PlainObject {
    const body: PlainObject = { ...request };
    if (typeof request.client_id === 'string') body.client_id = this.clientId;
    if (typeof request.prompt_id === 'string') body.prompt_id = this.idFor(request.prompt_id);
    if (Array.isArray(request.delete)) body.delete = request.delete.map((id) => this.idFor(String(id)));
    return body;
  }

  private translateTarget(target: string): string {
    const history = /^\/history\/(.+)$/.exec(target)?.[1];
    if (history !== undefined) return `/history/${this.idFor(history)}`;
    if (!target.startsWith('/view?')) return target;
    const query = new URLSearchParams(target.slice('/view?'.length));
    const name = query.get('filename') ?? '';
    const actual = this.dialogue.shownFiles().find((file) => withoutCounter(file) === withoutCounter(name));
    if (actual === undefined || !/_\d{5}_\./.test(name)) return target;
    query.set('filename', actual);
    return `/view?${query.toString().replaceAll('+', '%20')}`;
  }

  private idFor(recorded: string): string {
    const known = this.ids.get(recorded) ?? randomUUID();
    this.ids.set(recorded, known);
    return known;
  }
}

function withoutCounter(name: string): string {
  return name.replace(/_\d{5}_\./, '_.').replace(/_temp_[a-z]{5}_/, '_temp_');
}

/** Frames that tell how far a run is: starts, ends, nodes, and whole steps of a sampler. */
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

/** The uploaded picture: always the same bytes, unless the recording says "other". */
function buildForm(form: PlainObject): { filename: string; bytes: Buffer; fields: Record<string, string> } {
  const data = new Uint8Array(PICTURE.width * PICTURE.height * 4).fill(form.note === undefined ? 200 : 90);
  const fields: Record<string, string> = {};
  for (const name of ['type', 'subfolder', 'overwrite']) {
    const value: Plain | undefined = form[name];
    if (typeof value === 'string') fields[name] = value;
  }
  const filename = isPlainObject(form) && typeof form.image === 'string' ? form.image : 'in.png';
  return { filename, bytes: encodePng({ ...PICTURE, channels: 4, data }), fields };
}
