import { parseLosslessJson, stringifyLosslessJson } from '@comfleet/comfyui';
import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { createTaskRow } from '../../../test/kit/rows.ts';
import { Sealer } from '../../platform/secrets/sealer.ts';
import { Secrets } from './secrets.ts';
import { writeNewTask } from './task-rows.ts';

test('a sealed value cannot be read in the row, and comes back with every digit', async () => {
  const database = await openMemoryDatabase(new FakeClock());
  const secrets = new Secrets(database, new Sealer(new Uint8Array(32)));
  const written = '{"api_key_comfy_org":"comfyui-key","seed":18446744073709551615,"cfg":1.0,"n":7}';
  const sealed = secrets.seal(parseLosslessJson(written) as Record<string, unknown>);
  const task = createTaskRow();
  const row = { task_id: task.id, created_at: task.created_at, sealed };
  await database.commit([
    ...writeNewTask(database.k, task, []),
    { query: database.k.insertInto('task_secret').values(row) },
  ]);

  expect(Buffer.from(sealed).toString('latin1')).not.toContain('comfyui-key');
  expect(stringifyLosslessJson(await secrets.load(task.id))).toBe(written);
});
