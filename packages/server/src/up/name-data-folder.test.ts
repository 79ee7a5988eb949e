import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { nameDataFolder } from './name-data-folder.ts';

it('a data folder is named only if it is not the default', () => {
  const home = resolve('/home/me');
  expect(nameDataFolder('.comfleet', home)).toBe('');
  expect(nameDataFolder(resolve(home, '.comfleet'), home)).toBe('');
  expect(nameDataFolder('../data', home)).toBe(` --data ${resolve('/home/data')}`);
  expect(nameDataFolder('my data', home)).toBe(` --data "${resolve(home, 'my data')}"`);
});
