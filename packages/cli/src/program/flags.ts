import { plainText } from '@comfleet/contract/texts/catalogue';
import { UsageError } from '../exit-codes.ts';
import { refuseChoice } from '../parameters/pick-one.ts';

/** Adds one more value to a flag that may be repeated. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** A whole number within limits. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new UsageError({ code: 'usage.whole', params: { min, max } });
    }
    return value;
  };
}

/** One of these words. */
export function choice(...words: readonly string[]): (text: string) => string {
  return (text) => {
    if (!words.includes(text)) throw new UsageError(refuseChoice(text, words));
    return text;
  };
}

/** A language that the texts have, as LANG writes it too. */
export function language(text: string): string {
  if (!/^(en|zh)([-_.]|$)/i.test(text)) throw new UsageError(plainText('usage.language'));
  return text;
}

/** Seconds, fractions allowed. */
export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new UsageError(plainText('usage.seconds'));
  }
  return value;
}

/** A number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new UsageError(plainText('usage.positive'));
  }
  return value;
}

const SECONDS_PER: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A time such as 90d, 12h, 30m or 60s, in seconds. */
export function duration(text: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? [];
  if (count === undefined) throw new UsageError(plainText('usage.duration'));
  return Number(count) * (SECONDS_PER[unit] ?? 1);
}
