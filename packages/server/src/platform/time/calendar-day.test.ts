import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addDays, dayOf, dayStartMs, isDay, isTimeZone, localTimeZone, nextDay } from './calendar-day.ts';

const at = (iso: string) => Date.parse(iso);

test.each([
  ['2026-03-28T22:59:59.999Z', 'Europe/Berlin', '2026-03-28'],
  ['2026-03-28T23:00:00.000Z', 'Europe/Berlin', '2026-03-29'],
  ['2026-03-29T21:59:59.999Z', 'Europe/Berlin', '2026-03-29'],
  ['2026-03-29T22:00:00.000Z', 'Europe/Berlin', '2026-03-30'],
  ['2026-11-30T15:59:59.999Z', 'Asia/Shanghai', '2026-11-30'],
  ['2026-11-30T16:00:00.000Z', 'Asia/Shanghai', '2026-12-01'],
  ['2026-11-30T23:59:59.999Z', 'UTC', '2026-11-30'],
])('%s is in %s on %s', (iso, zone, day) => {
  expect(dayOf(at(iso), zone)).toBe(day);
});

test.each([
  // 23 hours: the night to summer time; 25 hours: the night from it.
  ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z', 23],
  ['2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00.000Z', 25],
  ['2026-07-01', 'Europe/Berlin', '2026-06-30T22:00:00.000Z', 24],
  // Midnight does not exist there on that night: the day begins at one o'clock.
  ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z', 23],
  ['2026-11-30', 'Asia/Kolkata', '2026-11-29T18:30:00.000Z', 24],
])('%s begins in %s at %s and has %i hours', (day, zone, iso, hours) => {
  const startMs = dayStartMs(day, zone);

  expect(new Date(startMs).toISOString()).toBe(iso);
  expect((dayStartMs(nextDay(day), zone) - startMs) / 3_600_000).toBe(hours);
});

test('a day begins at its first moment, in every zone', () => {
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Shanghai', 'Australia/Lord_Howe'];
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: at('2000-01-01'), max: at('2060-01-01') }),
      (zone, ms) => {
        const day = dayOf(ms, zone);
        const startMs = dayStartMs(day, zone);
        expect(startMs).toBeLessThanOrEqual(ms);
        expect(dayOf(startMs, zone)).toBe(day);
        expect(dayOf(startMs - 1, zone)).toBe(addDays(day, -1));
      },
    ),
    { numRuns: 200 },
  );
});

test('knows which zones exist', () => {
  expect(['Europe/Berlin', 'UTC', localTimeZone()].map(isTimeZone)).toEqual([true, true, true]);
  expect(['Europe/Atlantis', '', '../etc'].map(isTimeZone)).toEqual([false, false, false]);
});

test.each([
  ['2028-02-29', true],
  ['2026-02-29', false],
  ['2026-13-01', false],
  ['2026-1-1', false],
  ['yesterday', false],
  ['0100-01-01', false],
  ['9999-12-31', false],
])('%s is a day: %s', (text, expected) => {
  expect(isDay(text)).toBe(expected);
});
