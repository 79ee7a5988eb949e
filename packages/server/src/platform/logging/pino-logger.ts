import { cutText } from '@comfleet/comfyui';
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import type { Logger } from './logger.ts';
import { serializeError } from './serialize-error.ts';

/** Limit of one text in a line, which may be a worker's. */
const MAX_BYTES = 16 * 1024;

/** Names of fields whose values are never logged, at any depth. */
const SECRET_FIELD =
  /^(authorization|cookie|set-cookie|password|secret|client_secret|clientSecret|secret_key|secretKey|token|access_token|accessToken|api_key.*|auth_token.*|signature|ticket|sign_in_code)$/i;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** The process's own logger: its level may change, also for children created afterwards. */
export interface RootLogger extends Logger {
  setLevel(level: LogLevel): void;
}

/** Writes one JSON object per line: level, time, event, fields. `destination` defaults to stderr. */
export function createPinoLogger(options: { level: LogLevel; destination?: DestinationStream }): RootLogger {
  const root = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination ?? pino.destination({ dest: 2, sync: true }),
  );
  return {
    ...wrap(root),
    setLevel: (level) => {
      root.level = level;
    },
  };
}

function wrap(inner: PinoLogger): Logger {
  const write = (level: LogLevel) => (event: string, fields?: object) => {
    // The stack of an error is computed when it is read.
    if (inner.isLevelEnabled(level)) inner[level](hideSecrets(fields), event);
  };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => wrap(inner.child(hideSecrets(fields))),
  };
}

/** A copy with the values of secret fields replaced, and errors in their log form. */
export function hideSecrets(fields: object | undefined): Record<string, unknown> {
  return fields ? copyObject(fields, 0) : {};
}

function copyObject(value: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    copy[key] = SECRET_FIELD.test(key) ? '[hidden]' : copyValue(item, depth + 1);
  }
  return copy;
}

function copyValue(value: unknown, depth: number): unknown {
  if (value instanceof Error) return copyObject(serializeError(value), depth);
  if (typeof value === 'string') return cutText(value, MAX_BYTES);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > 6) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => copyValue(item, depth + 1));
  return copyObject(value, depth);
}
