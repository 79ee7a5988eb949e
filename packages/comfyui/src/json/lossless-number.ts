/** A number that keeps its original digits, because JavaScript would print others. */
export class LosslessNumber {
  /** A number in JSON's grammar. */
  readonly value: string;

  constructor(value: string) {
    if (!JSON_NUMBER.test(value)) throw new SyntaxError(`${value.slice(0, 100)} is no JSON number`);
    this.value = value;
  }

  /** The nearest JavaScript number. */
  valueOf(): number {
    return Number(this.value);
  }

  toString(): string {
    return this.value;
  }
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Integers of up to 15 digits, which JavaScript prints unchanged. */
export const EXACT_INTEGER = /^(?:0|-?[1-9]\d{0,14})$/;

/** Reads a JSON number: plain if JavaScript prints the same digits, else lossless. Throws SyntaxError for any other text. */
export function readJsonNumber(token: string): number | LosslessNumber {
  if (EXACT_INTEGER.test(token)) return Number(token);
  const exact = new LosslessNumber(token);
  return String(exact.valueOf()) === token ? exact.valueOf() : exact;
}

/** True for a number that kept its digits; never for an object parsed from JSON, whatever its fields are. */
export function isLosslessNumber(value: unknown): value is LosslessNumber {
  return value instanceof LosslessNumber;
}

/** True for a number, plain or lossless, in a tree from `parseLosslessJson`. */
export function isJsonNumber(value: unknown): value is number | LosslessNumber {
  return typeof value === 'number' || isLosslessNumber(value);
}

/** A number written with exactly these digits: `toLosslessNumber('18446744073709551615')`. Throws if it is no JSON number. */
export function toLosslessNumber(digits: string | bigint | number): LosslessNumber {
  return new LosslessNumber(String(digits));
}
