import type { Parameter } from '@comfleet/contract';
import { UsageError } from '../exit-codes.ts';

/** `name=value` → its two sides. Throws UsageError for anything else. */
export function parseAssignment(text: string): { readonly name: string; readonly value: string } {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError({ code: 'usage.assignment', params: { value: text } });
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

/** A value from the command line as the workflow's parameter wants it; whole numbers keep every digit. */
export function convertParameter(
  parameter: Pick<Parameter, 'name' | 'data_type'>,
  text: string,
): string | number | bigint | boolean {
  switch (parameter.data_type) {
    case 'string':
    case 'image':
      return text;
    case 'int':
    case 'seed':
      return parseWhole(parameter.name, text);
    case 'float': {
      const value = Number(text);
      if (text.trim() === '' || !Number.isFinite(value))
        throw refuse('usage.must_be_number', parameter.name, text);
      return value;
    }
    case 'bool':
      if (text === 'true' || text === 'false') return text === 'true';
      throw refuse('usage.must_be_boolean', parameter.name, text);
  }
}

/** The values of `--param` by name, converted as the workflow says. A name that it lacks goes as text: the server says why not. */
export function convertAssignments(
  parameters: readonly Pick<Parameter, 'name' | 'data_type'>[],
  assignments: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(
    assignments.map(parseAssignment).map(({ name, value }) => {
      const parameter = parameters.find((candidate) => candidate.name === name);
      return [name, parameter === undefined ? value : convertParameter(parameter, value)];
    }),
  );
}

function parseWhole(name: string, text: string): number | bigint {
  if (!/^-?\d+$/.test(text)) throw refuse('usage.must_be_whole', name, text);
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

function refuse(
  code: 'usage.must_be_number' | 'usage.must_be_boolean' | 'usage.must_be_whole',
  name: string,
  value: string,
): UsageError {
  return new UsageError({ code, params: { name, value } });
}
