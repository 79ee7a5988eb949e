import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OrderedList } from './ordered-list.ts';

test('holds what was added and not removed, in order, and counts what is before', () => {
  const call = fc.record({ adds: fc.boolean(), value: fc.nat({ max: 40 }) });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 200 }), (calls) => {
      const list = new OrderedList<{ value: number }>((a, b) => a.value - b.value);
      const items = new Map<number, { value: number }>();
      for (const { adds, value } of calls) {
        const item = items.get(value);
        if (adds && !item) {
          const added = { value };
          items.set(value, added);
          list.add(added);
        } else if (!adds && item) {
          items.delete(value);
          list.remove(item);
        } else list.remove({ value });
      }
      const expected = [...items.values()].sort((a, b) => a.value - b.value);
      expect(list.size).toBe(expected.length);
      expect(expected.map((item) => list.countBefore(item))).toEqual(expected.map((_item, index) => index));
      for (const item of expected) {
        expect(list.first()).toBe(item);
        list.remove(item);
      }
    }),
  );
});

test('gives the places of taken items back', () => {
  const list = new OrderedList<number>((a, b) => a - b);
  for (let value = 0; value < 5000; value += 1) list.add(value);
  for (let value = 0; value < 4000; value += 1) list.remove(value);
  list.add(-1);

  expect([list.first(), list.size, list.countBefore(4500)]).toEqual([-1, 1001, 501]);
});
