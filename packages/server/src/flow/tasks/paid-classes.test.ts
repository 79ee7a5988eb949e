import { expect, test } from 'vitest';
import { addPaidClasses, isPaid } from './paid-classes.ts';

const NEEDS = { taskType: 'custom', classTypes: ['LumaImageNode', 'RecraftVectorizeImageNode', 'SaveImage'] };
const store = (more: object = {}) => JSON.stringify({ ...NEEDS, inputBytes: 0, ...more });
const isPaidThere = (classType: string) => classType !== 'SaveImage';

test('TD16 the worker that takes a task adds the paid classes that were unknown before', () => {
  const amended = addPaidClasses(store({ paidClasses: ['RecraftVectorizeImageNode'] }), isPaidThere);

  expect(JSON.parse(amended ?? '')).toEqual({
    ...NEEDS,
    inputBytes: 0,
    paidClasses: ['LumaImageNode', 'RecraftVectorizeImageNode'],
  });
});

test('TD16 what is known stays as it is: paid, or paid but idle', () => {
  const stored = store({ paidClasses: ['RecraftVectorizeImageNode'], idlePaidClasses: ['LumaImageNode'] });

  expect(addPaidClasses(stored, isPaidThere)).toBeNull();
  expect(addPaidClasses(store(), () => false)).toBeNull();
});

test('a task is paid when a paid class of it feeds an output', () => {
  expect(isPaid({ requirements: store({ paidClasses: ['LumaImageNode'] }) })).toBe(true);
  expect(isPaid({ requirements: store({ idlePaidClasses: ['LumaImageNode'] }) })).toBe(false);
  expect(isPaid({ requirements: store() })).toBe(false);
});
