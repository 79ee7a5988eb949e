/** An exact decimal number: `digits` × 10^−`scale`. */
export interface Decimal {
  digits: bigint;
  scale: number;
}

const NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const MAX_LENGTH = 400;
const MAX_EXPONENT = 400;

/** Reads a JSON number exactly; null for other text and beyond 400 digits or powers of ten. */
export function parseDecimal(text: string): Decimal | null {
  const match = text.length <= MAX_LENGTH ? NUMBER.exec(text) : null;
  if (match === null) return null;
  const [, sign = '', whole = '0', fraction = '', exponentText = '0'] = match;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > MAX_EXPONENT) return null;
  const digits = BigInt(`${sign}${whole}${fraction}`);
  const scale = fraction.length - exponent;
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale };
}

/** The shortest decimal that JavaScript prints for this finite number. */
export function toDecimal(value: number): Decimal {
  const decimal = parseDecimal(String(value));
  if (decimal === null) throw new RangeError(`${value} is not a finite number`);
  return decimal;
}

/** Negative, 0 or positive, as a < b, a = b or a > b. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const [left, right] = alignDigits(a, b);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

export function isMultiple(value: Decimal, unit: Decimal): boolean {
  const [left, right] = alignDigits(value, unit);
  return right !== 0n && left % right === 0n;
}

export function isWhole({ digits, scale }: Decimal): boolean {
  return digits % 10n ** BigInt(scale) === 0n;
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return { digits: a.digits * b.digits, scale: a.scale + b.scale };
}

/** Rounds to the nearest whole number, halves up: 22.5 → 23, −2.5 → −2. */
export function roundDecimal({ digits, scale }: Decimal): Decimal {
  const unit = 10n ** BigInt(scale);
  const doubled = 2n * digits + unit;
  const quotient = doubled / (2n * unit);
  const isBelow = doubled < 0n && doubled % (2n * unit) !== 0n;
  return { digits: isBelow ? quotient - 1n : quotient, scale: 0 };
}

/** Plain digits without exponent and without trailing zeros of a fraction. */
export function formatDecimal({ digits, scale }: Decimal): string {
  const sign = digits < 0n ? '-' : '';
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  const whole = text.slice(0, text.length - scale);
  const fraction = text.slice(text.length - scale).replace(/0+$/, '');
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

function alignDigits(a: Decimal, b: Decimal): [bigint, bigint] {
  const scale = Math.max(a.scale, b.scale);
  return [a.digits * 10n ** BigInt(scale - a.scale), b.digits * 10n ** BigInt(scale - b.scale)];
}
