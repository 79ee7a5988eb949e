/** A number that kept the digits it was written with, where JavaScript would print other ones. */
export class LosslessNumber {
  /** A number of JSON's grammar. */
  readonly value: string;

  constructor(value: string) {
    if (!JSON_NUMBER.test(value)) throw new SyntaxError(`${value.slice(0, 100)} is no JSON number`);
    this.value = value;
  }

  /** The nearest number of JavaScript. */
  valueOf(): number {
    return Number(this.value);
  }

  toString(): string {
    return this.value;
  }
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Whole numbers of up to 15 digits are the same in JavaScript. */
const SURE_DIGITS = /^(?:0|-?[1-9]\d{0,14})$/;

/** A number of JSON: plain where JavaScript prints the same digits, else lossless. Throws SyntaxError for any other text. */
export function readJsonNumber(token: string): number | LosslessNumber {
  if (SURE_DIGITS.test(token)) return Number(token);
  const exact = new LosslessNumber(token);
  return String(exact.valueOf()) === token ? exact.valueOf() : exact;
}

/** True for a number that kept its digits; an object of JSON never is one, whatever its fields say. */
export function isLosslessNumber(value: unknown): value is LosslessNumber {
  return value instanceof LosslessNumber;
}

/** True for a number of a tree that `parseLosslessJson` made, plain or lossless. */
export function isJsonNumber(value: unknown): value is number | LosslessNumber {
  return typeof value === 'number' || isLosslessNumber(value);
}

/** A number that is written exactly as these digits: `toLosslessNumber('18446744073709551615')`. Throws when it is no JSON number. */
export function toLosslessNumber(digits: string | bigint | number): LosslessNumber {
  return new LosslessNumber(String(digits));
}
