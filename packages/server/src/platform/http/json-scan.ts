import { AppError } from '../errors/app-error.ts';

/** What a JSON text may be made of; `values` are the items of its lists and the members of its objects, all together. */
export interface JsonLimits {
  readonly values: number;
  readonly depth: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/**
 * Counts what a JSON text is made of while its bytes arrive, so that it is refused before anything of it is built: what a parser
 * makes of a text, and how long that takes, grows with its values and not with its bytes. Takes any bytes, JSON or not.
 */
export class JsonScan {
  readonly #limits: JsonLimits;
  #isInString = false;
  #isEscaped = false;
  #depth = 0;
  #values = 0;

  constructor(limits: JsonLimits) {
    this.#limits = limits;
  }

  /** Throws BODY_TOO_LARGE naming the limit that is passed. */
  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 1) {
      if (this.#isInString) at = this.#findStringEnd(bytes, at);
      else this.#count(bytes[at]);
    }
  }

  #count(byte = 0): void {
    switch (byte) {
      case QUOTE:
        this.#isInString = true;
        return;
      case COMMA:
        this.#addValue();
        return;
      case 0x7b:
      case 0x5b:
        this.#addValue();
        this.#depth += 1;
        if (this.#depth > this.#limits.depth)
          throw tooLarge('nested_too_deep', 'json_depth', this.#limits.depth);
        return;
      case 0x7d:
      case 0x5d:
        this.#depth -= 1;
    }
  }

  #addValue(): void {
    this.#values += 1;
    if (this.#values > this.#limits.values)
      throw tooLarge('too_many_values', 'json_values', this.#limits.values);
  }

  /** Where the string ends that is open at `start`; the end of the bytes when it goes on in the next ones. */
  #findStringEnd(bytes: Uint8Array, start: number): number {
    for (let at = start; at < bytes.length; at += 1) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (bytes[at] === BACKSLASH) this.#isEscaped = true;
      else if (bytes[at] === QUOTE) {
        this.#isInString = false;
        return at;
      }
    }
    return bytes.length;
  }
}

function tooLarge(reason: string, name: string, limit: number): AppError {
  return new AppError('BODY_TOO_LARGE', { reason, limit, setting: `limits.${name}` });
}
