/** Maximum length of an error's texts, in characters. */
const MAX_MESSAGE = 2_000;
const MAX_STACK = 4_000;
/** Maximum depth of causes, and number of aggregated errors. */
const MAX_DEPTH = 3;
const MAX_GATHERED = 3;

export interface LoggedError {
  name: string;
  message: string;
  code?: string;
  stack?: string;
  /** Details of our errors for the caller; its fields are unchanged. */
  details?: object;
  cause?: LoggedError | string;
  errors?: LoggedError[];
}

/** Secrets in messages of libraries: an Authorization header, the user part of a URL, a query value. */
const SECRETS: readonly [RegExp, string][] = [
  [/\b(bearer|basic) [\w.~+/=-]{4,}/gi, '$1 [hidden]'],
  [/(:\/\/)[^\s/@]{1,200}@/g, '$1[hidden]@'],
  [/\b(password|secret|token|access_token|api_key|ticket|signature|code)=[^\s&"'#]+/gi, '$1=[hidden]'],
  [/\bcft_[\w-]{8,}/g, '[hidden]'],
];

/** The log form of an error: name, message, code, stack, and the same of its causes; secrets hidden and long texts cut. */
export function serializeError(error: Error): LoggedError {
  return serialize(error, 0);
}

function serialize(error: Error, depth: number): LoggedError {
  const { name, message, stack, cause } = error;
  return {
    name,
    message: clean(message, MAX_MESSAGE),
    ...('code' in error && typeof error.code === 'string' && { code: error.code }),
    ...('details' in error &&
      typeof error.details === 'object' &&
      error.details && { details: error.details }),
    ...(stack !== undefined && { stack: clean(stack, MAX_STACK) }),
    ...(cause !== undefined && { cause: serializeCause(cause, depth + 1) }),
    ...(error instanceof AggregateError && depth < MAX_DEPTH && { errors: gather(error.errors) }),
  };
}

/** Deeper causes are only named, which also ends cycles. */
function serializeCause(cause: unknown, depth: number): LoggedError | string {
  if (!(cause instanceof Error)) return clean(String(cause), MAX_MESSAGE);
  return depth <= MAX_DEPTH ? serialize(cause, depth) : cause.name;
}

/** The first aggregated errors, without their own causes. */
function gather(errors: readonly unknown[]): LoggedError[] {
  const found = errors.filter((item) => item instanceof Error);
  return found.slice(0, MAX_GATHERED).map((item) => serialize(item, MAX_DEPTH));
}

function clean(text: string, maxCharacters: number): string {
  const cut = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
  return SECRETS.reduce((hidden, [pattern, instead]) => hidden.replace(pattern, instead), cut);
}
