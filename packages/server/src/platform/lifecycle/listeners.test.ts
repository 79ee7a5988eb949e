import { expect, it } from 'vitest';
import { silentLogger } from '../logging/logger.ts';
import { Listeners } from './listeners.ts';

it('goes on to the next listener when one throws', () => {
  const listeners = new Listeners<string>(silentLogger, 'test.listener_failed');
  const heard: string[] = [];
  listeners.add(() => {
    throw new Error('broken');
  });
  listeners.add((value) => heard.push(value));
  listeners.emit('one');
  expect(heard).toEqual(['one']);
});

it('stops calling a listener that ended its subscription', () => {
  const listeners = new Listeners<string>(silentLogger, 'test.listener_failed');
  const heard: string[] = [];
  const end = listeners.add((value) => heard.push(value));
  listeners.emit('one');
  end();
  listeners.emit('two');
  expect(heard).toEqual(['one']);
});
