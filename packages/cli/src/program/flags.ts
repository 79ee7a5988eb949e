import { InvalidArgumentError } from 'commander';
import { describeChoice } from '../parameters/pick-one.ts';

/** Adds one more value to a flag that may be repeated. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** A whole number within limits. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** One of these words. */
export function choice(...words: readonly string[]): (text: string) => string {
  return (text) => {
    if (!words.includes(text))
      throw new InvalidArgumentError(`Expected one of ${describeChoice(text, words)}`);
    return text;
  };
}

/** A language that the texts have, as LANG writes it too. */
export function language(text: string): string {
  if (!/^(en|zh)([-_.]|$)/i.test(text)) throw new InvalidArgumentError('Expected en, zh or zh-TW.');
  return text;
}

/** Seconds, fractions allowed. */
export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('Expected seconds, such as 60 or 0.5.');
  }
  return value;
}

/** A number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError('Expected a number above 0.');
  }
  return value;
}
