import { expect, test } from 'vitest';
import { parseConfig } from '../../../../app/settings.ts';
import { planAddresses, planServices } from './dns-targets.ts';

function entry(fields: string) {
  const text = `nodes: { discovery_mode: dynamic, dns: [{ name: gpus.lan, ${fields} }] }`;
  const [first] = parseConfig(text, { file: null, environment: {}, cwd: '/' }).config.discovery.dns;
  if (!first) throw new Error('no entry');
  return first;
}

test('ND3 SRV records of the lowest priority are primary, the others backup, weights are theirs', () => {
  const records = [
    { name: 'A.gpus.lan.', port: 8188, priority: 10, weight: 60 },
    { name: 'b.gpus.lan', port: 8189, priority: 10, weight: 0 },
    { name: 'c.gpus.lan', port: 8188, priority: 20, weight: 5 },
  ];
  expect(planServices(entry('type: SRV, labels: [lan]'), records)).toMatchObject([
    {
      name: 'a.gpus.lan:8188',
      url: 'http://a.gpus.lan:8188',
      group: 'primary',
      weight: 60,
      labels: ['lan'],
      discoveredBy: 'dns SRV gpus.lan',
    },
    { name: 'b.gpus.lan:8189', group: 'primary', weight: 1 },
    { name: 'c.gpus.lan:8188', group: 'backup', weight: 5 },
  ]);
});

test('ND16 a group and a weight of the file win over those of the records', () => {
  const records = [{ name: 'a', port: 1, priority: 0, weight: 9 }];
  expect(planServices(entry('type: SRV, group: backup, weight: 3'), records)).toMatchObject([
    { group: 'backup', weight: 3 },
  ]);
});

test('ND3 addresses take the port of the file, IPv6 in brackets', () => {
  expect(planAddresses(entry('type: AAAA, port: 8200'), ['fd00::7'])).toMatchObject([
    { name: '[fd00::7]:8200', url: 'http://[fd00::7]:8200', group: 'primary', weight: 1 },
  ]);
});
