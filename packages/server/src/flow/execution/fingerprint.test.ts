import { expect, test } from 'vitest';
import { createFingerprint, type ReportedByWorker } from './fingerprint.ts';

const REPORTED: ReportedByWorker = {
  version: '0.33.0',
  pytorchVersion: '2.14.1+cu130',
  objectInfoHash: 'ab12',
  modelSizes: new Map([['checkpoints', new Map([['sub/a.safetensors', 629568830]])]]),
  devices: [{ name: 'cuda:0 NVIDIA H200 : cudaMallocAsync', type: 'cuda' }, { name: 'cuda:1' }],
  fetchedAtMs: Date.UTC(2026, 0, 1),
};

const ATTEMPT = {
  comfleetVersion: '0.1.0',
  graphHash: 'cd34',
  models: [
    { folder: 'checkpoints', name: 'sub/a.safetensors' },
    { folder: 'loras', name: 'unlisted.safetensors' },
  ],
};

test('TD17 a fingerprint says what the worker reported, and null for what it did not', () => {
  expect(createFingerprint({ ...ATTEMPT, reported: REPORTED })).toEqual({
    comfleet_version: '0.1.0',
    comfyui_version: '0.33.0',
    pytorch_version: '2.14.1+cu130',
    object_info_hash: 'blake3:ab12',
    graph_hash: 'sha256:cd34',
    models: [
      { folder: 'checkpoints', name: 'sub/a.safetensors', size_bytes: 629568830 },
      { folder: 'loras', name: 'unlisted.safetensors', size_bytes: null },
    ],
    device: 'cuda:0 NVIDIA H200 : cudaMallocAsync',
    driver: null,
    listed_at: '2026-01-01T00:00:00.000Z',
  });
});

test('TD17 of a worker that never reported anything, only what is ours is known', () => {
  expect(createFingerprint({ ...ATTEMPT, models: [], reported: null })).toEqual({
    comfleet_version: '0.1.0',
    comfyui_version: null,
    pytorch_version: null,
    object_info_hash: null,
    graph_hash: 'sha256:cd34',
    models: [],
    device: null,
    driver: null,
    listed_at: null,
  });
});

test('a device without a readable name has none', () => {
  expect(
    createFingerprint({ ...ATTEMPT, reported: { ...REPORTED, devices: [{ name: 7 }] } }).device,
  ).toBeNull();
  expect(createFingerprint({ ...ATTEMPT, reported: { ...REPORTED, devices: [] } }).device).toBeNull();
});
