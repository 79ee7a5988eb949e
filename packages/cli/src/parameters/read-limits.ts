import { type ChangeQuota, QUOTAS, type Quota } from '@comfleet/contract';
import { UsageError } from '../exit-codes.ts';

const BYTES_PER: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** Reads `tasks_per_day=50 stored_bytes=200GB tasks_waiting=unlimited`; sizes in powers of 1,000. */
export function readLimits(words: readonly string[]): ChangeQuota {
  return Object.fromEntries(words.map(readLimit));
}

function readLimit(word: string): [quota: Quota, limit: number | null] {
  const [name, text = ''] = word.split('=', 2);
  const quota = QUOTAS.find((known) => known === name);
  if (quota === undefined) throw refuse();
  return [quota, text === 'unlimited' ? null : readAmount(text, quota.includes('bytes'))];
}

function readAmount(text: string, isSize: boolean): number {
  const [, digits, unit = ''] = (isSize ? /^(\d+(?:\.\d+)?)([kmgt])?b?$/i : /^(\d+)$/).exec(text) ?? [];
  const amount = Math.round(Number(digits) * (BYTES_PER[unit.toLowerCase()] ?? 1));
  if (digits === undefined || !Number.isSafeInteger(amount)) throw refuse();
  return amount;
}

function refuse(): UsageError {
  return new UsageError({ code: 'usage.limit', params: { known: QUOTAS.join(', ') } });
}
