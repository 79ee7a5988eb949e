import { Transform, type TransformCallback } from 'node:stream';
import { startTimeSlice, type TimeSlice } from '@comfleet/comfyui';
import { plainText } from '@comfleet/contract';
import type { Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { AppError, toError } from '../errors/app-error.ts';
import type { Clock } from '../time/clock.ts';
import { requestProblem } from './request-problem.ts';

/** As much of a file in a multipart form as is read of it. */
interface UploadedFile {
  file: AsyncIterable<unknown> & { truncated: boolean };
}

export interface FormOptions {
  clock: Clock;
  /** Most bytes of the one file, of fields, and of bytes in each field. */
  limits: { fileSize: number; fields: number; fieldSize: number };
}

/** What the parser is given at once: some hundred parts at most. */
const SLICE_BYTES = 16_384;
/** What may stand above one part. */
const HEADERS = { headerPairs: 20, headerSize: 8192 };

/**
 * The parts of a form as they come. The parser yields to everything else, and what the reader leaves is dropped without it, so a
 * part is read before the next is asked for. Throws INVALID_REQUEST for a form that is none, BODY_TOO_LARGE beyond a limit.
 */
export async function* readForm(request: FastifyRequest, options: FormOptions): AsyncGenerator<Multipart> {
  const { raw } = request;
  const { clock, limits } = options;
  const slices = new Slices(startTimeSlice(clock));
  const whole = Object.assign(slices, { headers: raw.headers });
  // The same request, but for the body that the parser takes from it.
  const sliced = Object.create(request, { raw: { value: whole } }) as FastifyRequest;
  // A body that came whole closes the request too, while its last pieces still wait for their turn.
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
    // A caller that is still sending reads the answer at the end.
    raw.resume();
  }
}

/** Passes bytes on in small pieces, between which others have their turn. */
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

/** The bytes of the one file of a form. Throws as `readUploadedFile` does, and INVALID_REQUEST at the end if a second file follows. */
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

/** A file's bytes. Throws BODY_TOO_LARGE at the end of one that was cut at the limit, INVALID_REQUEST for a form that ends early. */
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
 * What reading a multipart form threw. The parser's own complaints carry no code: it is the form that is wrong, INVALID_REQUEST;
 * ours and the framework's are left as they are.
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
