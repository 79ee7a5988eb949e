import type { AssetCalls } from '../../../src/flow/calls/assets/asset-calls.ts';
import type { TaskCalls } from '../../../src/flow/calls/tasks/task-calls.ts';
import { AppError } from '../../../src/platform/errors/app-error.ts';
import type { FakeOwner } from './fake-owner.ts';
import { ASSET_ID, sampleAsset, sampleContent } from './samples.ts';

/** One upload, and the results of the one task. */
export function createFakeAssets(owner: FakeOwner, tasks: Pick<TaskCalls, 'load'>): AssetCalls {
  const check = (actor: Parameters<AssetCalls['load']>[0], id: string) =>
    owner.check(actor, [id, ASSET_ID], 'ASSET_NOT_FOUND');
  return {
    create: async (actor, upload) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of upload.bytes) chunks.push(chunk);
      owner.calls.push(['upload', upload.name, upload.accept, Buffer.concat(chunks).toString()]);
      const asset = { ...sampleAsset(owner.id), ownerId: actor.id, name: upload.name };
      return { asset, blobWasNew: true };
    },
    createFromHash: async () => null,
    hasHash: async () => false,
    load: async (actor, id) => {
      check(actor, id);
      return sampleAsset(owner.id);
    },
    listUploads: async () => [sampleAsset(owner.id)],
    remove: async (actor, id) => {
      check(actor, id);
      owner.checkChange(actor);
      owner.calls.push(['remove', id]);
    },
    openResult: async (actor, id, index) => {
      const { results } = await tasks.load(actor, id);
      if (index >= results.length) throw new AppError('RESULT_NOT_FOUND');
      return sampleContent(`cat_${index}.png`);
    },
    open: async (actor, id) => {
      check(actor, id);
      return sampleContent('in.png');
    },
    openSigned: async (id) => {
      if (id !== ASSET_ID) throw new AppError('ASSET_NOT_FOUND');
      return sampleContent('in.png');
    },
    toUpload: ({ id, name, contentType, sizeBytes, hash, width, height }) => ({
      ...{ upload_id: id, name, content_type: contentType, size_bytes: sizeBytes, width, height },
      hash: `blake3:${hash}`,
      created_at: '2026-01-01T00:00:00.000Z',
      url: `/api/fleet/assets/${id}/content`,
    }),
  };
}
