const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** The machine's own time zone, as an IANA name. */
export const localTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Returns whether a name is a time zone that this machine knows, such as `Europe/Berlin`. */
export function isTimeZone(name: string): boolean {
  try {
    openFormat(name);
    return true;
  } catch {
    return false; // a RangeError is how Intl says no
  }
}

/** The calendar day of a time (epoch ms) in a time zone, `2026-03-29`. */
export function dayOf(atMs: number, zone: string): string {
  return new Date(toWallMs(atMs, zone)).toISOString().slice(0, 10);
}

/** The first moment (epoch ms) of a day in a time zone: midnight, or the end of the hour that summer time skips there. */
export function dayStartMs(day: string, zone: string): number {
  const wallMs = parseDay(day);
  // Offsets lie within a day of UTC: the first moment of the day is where the day begins between the two.
  let before = wallMs - DAY_MS;
  let after = wallMs + DAY_MS;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (dayOf(middle, zone) < day) before = middle;
    else after = middle;
  }
  return after;
}

/** Whether a text is a day of the calendar from 1970 to 2999. */
export function isDay(text: string): boolean {
  if (!DAY.test(text) || text < '1970' || text >= '3000') return false;
  return new Date(parseDay(text)).toISOString().slice(0, 10) === text;
}

/** The day after a day. */
export function nextDay(day: string): string {
  return addDays(day, 1);
}

/** The day that is `count` days after a day, or before it if negative. */
export function addDays(day: string, count: number): string {
  return new Date(parseDay(day) + count * DAY_MS).toISOString().slice(0, 10);
}

/** Midnight of a day in UTC, epoch ms. */
function parseDay(day: string): number {
  const [, year, month, date] = DAY.exec(day) ?? [];
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(date));
  if (Number.isNaN(ms)) throw new RangeError(`not a day: ${day}`);
  return ms;
}

/** What the clock on the wall shows, as the epoch ms at which a clock in UTC shows the same. */
function toWallMs(atMs: number, zone: string): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of openFormat(zone).formatToParts(atMs)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Making one takes far longer than using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function openFormat(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
    formats.set(zone, format);
  }
  return format;
}
