import { createUuidV7, type Id } from '@comfleet/contract';
import { SettlingClock } from '@comfleet/test-kit';
import { beforeEach, describe, expect, it } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { InstanceRecords } from './instance-records.ts';
import { leaseFirstPort, leasePortAgain } from './lease-port.ts';

const range = { first: 8200, last: 8202 };
let records: InstanceRecords;
let taken: Set<number>;
let count: number;

beforeEach(async () => {
  records = new InstanceRecords(await openMemoryDatabase(new SettlingClock()));
  taken = new Set();
  count = 0;
});

const options = () => ({
  records,
  isFree: async (_host: string, port: number) => !taken.has(port),
  host: '127.0.0.1',
  range,
});

function leaseNew(): Promise<number> {
  count += 1;
  const id: Id<'instance'> = createUuidV7<'instance'>(count, new Uint8Array(10));
  return leaseFirstPort(options(), (port) =>
    records.insert({ id, name: `instance ${count}`, folder: '/comfy', port, marker: '/m' }),
  );
}

describe('leasing a port', () => {
  it('PS8 never gives two instances the same one', async () => {
    expect([await leaseNew(), await leaseNew()]).toEqual([8200, 8201]);
  });

  it('PS7 skips ports that others listen on', async () => {
    taken.add(8200);
    expect(await leaseNew()).toBe(8201);
  });

  it('PS7 PS26 says that the range is exhausted', async () => {
    for (const port of [8200, 8201, 8202]) taken.add(port);
    await expect(leaseNew()).rejects.toMatchObject({
      code: 'INSTANCE_CONFIG',
      details: { field: 'port_range', value: '8200-8202', problem: 'every port of this range is taken' },
    });
  });

  it('keeps the port of an instance while it is free, and moves it when it is not', async () => {
    await leaseNew();
    const [record] = await records.list();
    if (!record) throw new Error('there is one');
    expect(await leasePortAgain(record, options())).toBe(8200);
    taken.add(8200);
    expect(await leasePortAgain(record, options())).toBe(8201);
    expect((await records.list())[0]?.port).toBe(8201);
  });
});
