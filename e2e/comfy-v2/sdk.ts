import { Comfy } from '@comfyorg/sdk';
import { expect, test } from 'vitest';
import { PNG, picture, slowPicture } from '../support/graphs.ts';
import type { Actors } from './jobs.ts';
import { invert, sampledText } from './rig.ts';

/** The official client as published. */
export function describeSdk(actors: () => Actors): void {
  const connect = () => {
    const { rig, alice } = actors();
    process.env['COMFY_BASE_URL'] = rig.server.url;
    return { rig, client: new Comfy({ apiKey: alice.token, fetch: rig.fetch }) };
  };

  test('@comfyorg/sdk runs a workflow and downloads the picture, whole and in part', async () => {
    const { rig, client } = connect();
    const job = await client.run(client.workflows.fromJson(picture(88)));
    const [output] = job.getOutputs('2');
    const bytes = await output?.toBytes();
    expect([job.status, bytes?.byteLength, output?.contentType]).toEqual([
      'succeeded',
      output?.sizeBytes,
      'image/png',
    ]);
    expect(await output?.toBytes({ range: [1, 3] })).toEqual(new Uint8Array(Buffer.from('PNG')));
    expect((await client.assets.get(output?.id ?? '')).jobId).toBe(job.id);
    expect(await job.getWorkflow()).toEqual({ workflow: picture(88), format: 'api' });
    expect(await (await client.jobs.get(job.id)).refresh()).toMatchObject({
      id: job.id,
      status: 'succeeded',
    });
    expect(rig.problems).toEqual([]);
  });

  test('@comfyorg/sdk works with its own transport too', async () => {
    const { rig, alice } = actors();
    process.env['COMFY_BASE_URL'] = rig.server.url;
    const client = new Comfy({ apiKey: alice.token });
    const job = await client.run(client.workflows.fromJson(picture(104)));
    expect((await job.outputs[0]?.toBytes())?.byteLength).toBe(job.outputs[0]?.sizeBytes);
  });

  test('@comfyorg/sdk streams progress, previews, the output and the end', async () => {
    const { rig, client } = connect();
    const job = await client.submit(client.workflows.fromString(sampledText('11', 40)));
    const events = [];
    for await (const event of job.events()) events.push(event);
    expect(new Set(events.map(({ kind }) => kind))).toEqual(
      new Set(['statusChange', 'progress', 'preview', 'outputReady']),
    );
    expect(events.at(-1)).toEqual({ kind: 'statusChange', status: 'succeeded', queuePosition: null });
    expect(rig.problems).toEqual([]);
  });

  test('@comfyorg/sdk cancels a running job', async () => {
    const { rig, client } = connect();
    const job = await client.submit(client.workflows.fromJson(slowPicture(60)));
    for await (const event of job.events()) {
      if (event.kind !== 'progress') continue;
      await job.cancel();
      break;
    }
    expect((await job.wait()).status).toBe('canceled');
    expect(rig.problems).toEqual([]);
  });

  test('@comfyorg/sdk uploads an input once, finds it by its hash the next time, and deletes it', async () => {
    const { rig, client } = connect();
    const bytes = new Uint8Array([...PNG, 1, 2, 3]);
    const asset = client.assets.fromBytes(bytes, { filename: 'sdk.png' });
    const workflow = client.workflows.fromJson(invert('to be replaced'));
    workflow.setInput('1', 'image', asset);
    const job = await client.run(workflow);
    expect([job.status, asset.createdNew, asset.filePath]).toEqual(['succeeded', true, 'sdk.png']);
    const again = client.assets.fromBytes(bytes, { filename: 'sdk.png' });
    expect([await again.commit(), again.createdNew]).toEqual([asset.id, false]);
    const id = await again.commit();
    await again.delete();
    await expect(client.assets.get(id)).rejects.toMatchObject({ code: 'not_found', httpStatus: 404 });
    expect(rig.problems).toEqual([]);
  });

  test('@comfyorg/sdk reads our refusals as its own errors', async () => {
    const { rig, client } = connect();
    const invalid = client.workflows.fromJson({ '1': { class_type: 'NoSuchNode', inputs: {} } });
    await expect(client.submit(invalid)).rejects.toMatchObject({ code: 'invalid_workflow', httpStatus: 422 });
    await client.submit(client.workflows.fromJson(picture()), { idempotencyKey: 'sdk key' });
    await expect(
      client.submit(client.workflows.fromJson(picture()), { idempotencyKey: 'sdk key' }),
    ).rejects.toMatchObject({ code: 'idempotency_key_reuse', httpStatus: 422 });
    expect(rig.problems).toEqual([]);
  });
}
