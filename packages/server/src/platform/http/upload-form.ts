import { Transform, type TransformCallback } from 'node:stream';
import { startTimeSlice, type TimeSlice } from '@comfleet/comfyui';
import { plainText } from '@comfleet/contract';
import type { Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { AppError, toError } from '../errors/app-error.ts';
import type { Clock } from '../time/clock.ts';
import { requestProblem } from './request-problem.ts';

/** What is read of a file in a multipart form. */
interface UploadedFile {
  file: AsyncIterable<unknown> & { truncated: boolean };
}

export interface FormOptions {
  clock: Clock;
  /** Maximum bytes of the one file, number of fields, and bytes of each field. */
  limits: { fileSize: number; fields: number; fieldSize: number };
}

/** Bytes passed to the parser in one go: some hundred parts at most. */
const SLICE_BYTES = 16_384;
/** Limits of a part's headers. */
const HEADERS = { headerPairs: 20, headerSize: 8192 };

/**
 * The parts of a form as they arrive. The parser yields to everything else, and drops what the reader leaves unread, so each part
 * must be read before the next is requested. Throws INVALID_REQUEST for an invalid form, BODY_TOO_LARGE beyond a limit.
 */
export async function* readForm(request: FastifyRequest, options: FormOptions): AsyncGenerator<Multipart> {
  const { raw } = request;
  const { clock, limits } = options;
  const slices = new Slices(startTimeSlice(clock));
  const whole = Object.assign(slices, { headers: raw.headers });
  // The same request, except for the body that the parser gets from it.
  const sliced = Object.create(request, { raw: { value: whole } }) as FastifyRequest;
  // A body that arrived completely also closes the request, while its last pieces are still queued.
  const leave = () => {
    if (!raw.complete) slices.destroy();
  };
  raw.once('close', leave);
  try {
    const parts = sliced.parts({ limits: { ...HEADERS, ...limits, files: 2, parts: limits.fields + 2 } });
    raw.pipe(slices);
    yield* parts;
  } catch (thrown) {
    throw toFormError(thrown);
  } finally {
    raw.off('close', leave);
    raw.unpipe(slices);
    slices.destroy();
    // A caller that is still sending reads the response at the end.
    raw.resume();
  }
}

/** Passes bytes on in small pieces, and yields between them. */
class Slices extends Transform {
  readonly #slice: TimeSlice;

  constructor(slice: TimeSlice) {
    super({ highWaterMark: SLICE_BYTES });
    this.#slice = slice;
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#pass(chunk).then(() => done(), done);
  }

  async #pass(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length && !this.destroyed; at += SLICE_BYTES) {
      await this.#slice.yieldIfSpent();
      this.push(chunk.subarray(at, at + SLICE_BYTES));
    }
  }
}

/** The bytes that a request announces, which its file cannot exceed; undefined without them. */
export function contentLengthOf({ headers }: FastifyRequest): number | undefined {
  const length = Number(headers['content-length'] ?? Number.NaN);
  return Number.isSafeInteger(length) ? length : undefined;
}

/** The bytes of a form's only file. Throws as `readUploadedFile`, and INVALID_REQUEST at the end if a second file follows. */
export async function* readOnlyFile(
  file: UploadedFile,
  { form, limit }: { form: AsyncGenerator<Multipart>; limit: number },
): AsyncIterable<Uint8Array> {
  yield* readUploadedFile(file, limit);
  for (let part = await form.next(); !part.done; part = await form.next())
    if (part.value.type === 'file') throw refuseSecond(part.value.fieldname);
}

function refuseSecond(field: string): AppError {
  const problem = requestProblem(field, plainText('field.one_file'));
  return new AppError('INVALID_REQUEST', {
    in: 'body',
    reason: `${field}: ${problem.message}`,
    problems: [problem],
  });
}

/** A file's bytes. Throws BODY_TOO_LARGE at the end of a file cut at the limit, INVALID_REQUEST for a form that ends early. */
async function* readUploadedFile({ file }: UploadedFile, limit: number): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of file) yield chunk as Uint8Array;
  } catch (thrown) {
    throw toFormError(thrown);
  }
  if (!file.truncated) return;
  throw new AppError('BODY_TOO_LARGE', {
    reason: `the file is larger than ${limit} bytes`,
    limit_bytes: limit,
    message_text: { code: 'reason.file_too_large', params: { limit } },
  });
}

/**
 * Converts an error from reading a multipart form. The parser's own errors have no code: the form is invalid, INVALID_REQUEST;
 * ours and the framework's stay unchanged.
 */
function toFormError(thrown: unknown): Error {
  const error = toError(thrown);
  if ('code' in error) return error;
  return new AppError(
    'INVALID_REQUEST',
    { in: 'body', reason: `malformed multipart: ${error.message}`, message_text: plainText('reason.form') },
    { cause: error },
  );
}
