import { cutText } from '@comfleet/comfyui';
import { plainText } from '@comfleet/contract';
import type { FleetReason, FleetText } from '@comfleet/contract/texts/fleet';

/** What identifies a ComfyUI in the command line of its /system_stats (protocol 2.1). */
export interface ServerIdentity {
  /** The script that was started. */
  readonly entry: string;
  /** Flag → value, for the IDENTITY_FLAGS that were given. */
  readonly flags: Readonly<Record<string, string>>;
}

/** A restart may change any other flag. */
const IDENTITY_FLAGS = [
  '--port',
  '--base-directory',
  '--output-directory',
  '--input-directory',
  '--temp-directory',
  '--user-directory',
] as const;

/** Returns null when the server does not report its command line, so that nothing can be compared. */
export function readIdentity(argv: readonly string[]): ServerIdentity | null {
  const [entry, ...rest] = argv;
  if (entry === undefined) return null;
  const flags: Record<string, string> = {};
  for (const [index, item] of rest.entries()) {
    const [flag, ...glued] = item.split('=');
    if (!IDENTITY_FLAGS.some((known) => known === flag) || flag === undefined) continue;
    flags[flag] = glued.length > 0 ? glued.join('=') : (rest[index + 1] ?? '');
  }
  return { entry, flags };
}

/** The differences as text for users; empty for the same server. */
export function compareIdentities(before: ServerIdentity, now: ServerIdentity): FleetText[] {
  const differences: FleetText[] = [];
  if (!isSameEntry(before.entry, now.entry))
    differences.push({
      code: 'difference.entry',
      params: { now: shorten(now.entry), before: shorten(before.entry) },
    });
  for (const flag of IDENTITY_FLAGS) {
    const [was, is] = [before.flags[flag], now.flags[flag]];
    if (was !== is) {
      const params = { flag, now: shorten(is), before: shorten(was) };
      differences.push({ code: 'difference.flag', params });
    }
  }
  return differences;
}

const SHOWN_BYTES = 500;

function shorten(value: string | undefined): FleetReason {
  return value === undefined ? plainText('difference.not_given') : cutText(value, SHOWN_BYTES);
}

/** A relative and an absolute path may name one script; two different absolute paths do not. */
function isSameEntry(a: string, b: string): boolean {
  if (a === b) return true;
  return !(isAbsolute(a) && isAbsolute(b)) && readName(a) === readName(b);
}

function isAbsolute(path: string): boolean {
  return /^([/\\]|[A-Za-z]:)/.test(path);
}

function readName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}
