import { isSince, type VersionProfile } from './profile.ts';

/** A level of ComfyUI's log. */
export type LogLevel = 'INFO' | 'WARNING' | 'ERROR';

const COLOURS: Readonly<Record<LogLevel, string>> = {
  INFO: '\u001b[32m',
  WARNING: '\u001b[1m\u001b[33m',
  ERROR: '\u001b[1m\u001b[31m',
};

/** A line as this version prints it: since 0.23.0 a coloured level comes first, without a terminal too. */
export function writeLogLine(version: VersionProfile, text: string, level: LogLevel = 'INFO'): string {
  return isSince(version, '0.33') ? `${COLOURS[level]}[${level}]\u001b[0m ${text}` : text;
}
