import { expect, test } from 'vitest';
import { parseConfig } from './settings.ts';

function parse(text: string, environment = {}) {
  return parseConfig(text, { file: '/etc/comfleet.yaml', environment, cwd: '/' }).config;
}

test('results have limits of bytes and number; the time before a failover is 5 s', () => {
  const { limits, placement } = parse('');
  expect(limits).toMatchObject({
    resultBytes: 8_589_934_592,
    taskResultBytes: 68_719_476_736,
    resultFiles: 20_000,
  });
  expect(placement.offlineGraceMs).toBe(5000);
});

test('CF1 they come from the file and from the environment', () => {
  const environment = { COMFLEET__NODES__LOAD_BALANCING__FAILOVER_SECONDS: '0.5' };
  const { limits, placement } = parse('limits: { result_bytes: 2048, result_files: 3 }', environment);
  expect(limits).toMatchObject({ resultBytes: 2048, resultFiles: 3 });
  expect(placement.offlineGraceMs).toBe(500);
});

test('0 removes the limit of all results of a task', () => {
  expect(parse('limits: { task_result_bytes: 0 }').limits.taskResultBytes).toBeNull();
});

test('the store of assets and the doors have the same limit for an upload', () => {
  const { limits, assetLimits } = parse('limits: { upload_bytes: 4096 }\nretention: { uploads_seconds: 60 }');
  expect([limits.uploadBytes, assetLimits.pictureBytes]).toEqual([4096, 4096]);
  expect(assetLimits.uploadLifeMs).toBe(60_000);
});

test('a configuration is deeply frozen', () => {
  const config = parse('workers: [{ url: "http://a:8188", metadata: { location: here } }]');
  expect(Object.isFrozen(config.workers[0]?.metadata)).toBe(true);
});
