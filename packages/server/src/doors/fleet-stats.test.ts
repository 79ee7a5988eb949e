import type { Worker } from '@comfleet/contract';
import { expect, test } from 'vitest';
import { countFleet } from './fleet-stats.ts';

function worker(state: Worker['state'], load: number, max: number): Worker {
  return {
    worker_id: '01900000-0000-7000-8000-00000000000d',
    name: 'gpu',
    url: 'http://gpu:8188',
    state,
    source: 'config',
    load,
    max_concurrent: max,
    load_percent: 0,
    capabilities: [],
    labels: [],
    group: 'primary',
    weight: 1,
    priority: 5,
    enabled: true,
    draining: false,
    discovered_by: null,
    metadata: {},
    comfyui_version: null,
    devices: [],
    last_heartbeat: null,
    reason: null,
    socket: 'connected',
    slots: max,
    latency_ms: null,
    recovery: null,
  };
}

test('ND9 counts workers by state, and slots only where tasks are accepted', () => {
  const fleet = [
    worker('online', 0, 2),
    worker('busy', 3, 4),
    worker('busy', 3, 2),
    worker('offline', 0, 8),
    worker('error', 0, 8),
    worker('maintenance', 1, 8),
    worker('draining', 1, 8),
  ];
  expect(countFleet(fleet)).toEqual({
    total: 7,
    online: 3,
    offline: 1,
    busy: 2,
    error: 1,
    maintenance: 1,
    draining: 1,
    capacity: 8,
    load: 8,
    load_percent: 75,
    free_slots: 3,
  });
});

test('ND9 an empty fleet has no load', () => {
  expect(countFleet([])).toMatchObject({ total: 0, capacity: 0, load_percent: 0, free_slots: 0 });
});
