import { AppError, toError } from '../errors/app-error.ts';

/** As much of a file in a multipart form as is read of it. */
interface UploadedFile {
  file: AsyncIterable<unknown> & { truncated: boolean };
}

/** The parts of a form as they come. Throws INVALID_REQUEST for a form that is none. */
export async function* refuseMalformed<Part>(parts: AsyncIterable<Part>): AsyncIterable<Part> {
  try {
    yield* parts;
  } catch (thrown) {
    throw toFormError(thrown);
  }
}

/** A file's bytes. Throws BODY_TOO_LARGE at the end of one that was cut at the limit, INVALID_REQUEST for a form that ends early. */
export async function* readUploadedFile({ file }: UploadedFile, limit: number): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of file) yield chunk as Uint8Array;
  } catch (thrown) {
    throw toFormError(thrown);
  }
  if (!file.truncated) return;
  throw new AppError('BODY_TOO_LARGE', {
    reason: `the file is larger than ${limit} bytes`,
    limit_bytes: limit,
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
    { in: 'body', reason: `malformed multipart: ${error.message}` },
    { cause: error },
  );
}
