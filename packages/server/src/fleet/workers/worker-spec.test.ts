import { describe, expect, it } from 'vitest';
import { AppError } from '../../platform/errors/app-error.ts';
import { compileWorkerSpec, normalizeWorkerUrl, toWorkerUrl } from './worker-spec.ts';

describe('normalizeWorkerUrl', () => {
  it.each([
    ['http://GPU-1:8188/', 'http://gpu-1:8188'],
    ['https://host/comfy/', 'https://host/comfy'],
    ['http://[::1]:8188', 'http://[::1]:8188'],
    ['ws://host:8188', null],
    ['host:8188', null],
    ['http://user:secret@host:8188', null],
    ['http://host:8188/?token=x', null],
  ])('%s becomes %s', (text, url) => {
    expect(normalizeWorkerUrl(text)).toBe(url);
  });
});

describe('toWorkerUrl', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:8188'],
    ['0.0.0.0', 'http://127.0.0.1:8188'],
    ['::', 'http://127.0.0.1:8188'],
    ['0.0.0.0,::', 'http://127.0.0.1:8188'],
    ['::1', 'http://[::1]:8188'],
    ['192.168.1.4', 'http://192.168.1.4:8188'],
  ])('PS24 a server that listens on %s is reached at %s', (host, url) => {
    expect(toWorkerUrl(host, 8188)).toBe(url);
  });
});

describe('compileWorkerSpec', () => {
  it('runs one prompt and prefetches one unless told otherwise', () => {
    expect(compileWorkerSpec({ name: 'a', url: 'http://h:1', source: 'config' }).maxConcurrent).toBe(2);
  });

  it('ND16 is primary, of weight 1 and priority 5 unless told otherwise', () => {
    expect(compileWorkerSpec({ name: 'a', url: 'http://h:1', source: 'config' })).toMatchObject({
      group: 'primary',
      weight: 1,
      priority: 5,
      enabled: true,
    });
  });

  it.each([
    [{ metadata: { priority: 9 } }, 9],
    [{ priority: 2, metadata: { priority: 9 } }, 2],
    [{ metadata: {} }, 5],
  ])('LB5 the priority of %j is %d', (fields, priority) => {
    const named = { name: 'a', url: 'http://h:1', source: 'config' } as const;
    expect(compileWorkerSpec({ ...named, ...fields }).priority).toBe(priority);
  });

  it.each([
    [{ name: ' ', url: 'http://h:1', source: 'config' as const }, 'name'],
    [{ name: 'a', url: 'nonsense', source: 'config' as const }, 'url'],
    [{ name: 'a', url: 'http://h:1', source: 'config' as const, maxConcurrent: 0 }, 'max_concurrent'],
    [{ name: 'a', url: 'http://h:1', source: 'api' as const, weight: 0 }, 'weight'],
    [{ name: 'a', url: 'http://h:1', source: 'api' as const, metadata: { priority: 'high' } }, 'priority'],
    [{ name: 'a', url: 'http://h:1', source: 'api' as const, labels: ['two words'] }, 'labels.0'],
  ])('refuses %j naming the field', (spec, field) => {
    expect(() => compileWorkerSpec(spec)).toThrowError(
      expect.objectContaining({ code: 'CONFIG_INVALID', details: expect.objectContaining({ field }) }),
    );
    expect(() => compileWorkerSpec(spec)).toThrow(AppError);
  });
});
