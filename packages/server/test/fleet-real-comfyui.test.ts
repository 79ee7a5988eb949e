import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRealComfyui } from '../../../e2e/services/real-comfyui.ts';
import { skipWhen } from '../../../e2e/services/skip-reason.ts';
import type { InstanceSpec } from '../src/fleet/instances/instances.ts';
import { openRig, type Rig, whenInstance, whenWorker } from './fakes/instance-rig.ts';

const real = findRealComfyui();

describe('a supervised real ComfyUI', skipWhen(real.missing), () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await openRig();
  });
  afterEach(() => rig.close(), 30_000);

  const spec = (): InstanceSpec => {
    if (real.missing !== undefined) throw new Error(real.missing);
    return { name: 'real', folder: real.repoPath, interpreter: real.python, extraArgs: ['--cpu'] };
  };

  it('starts, comes back after kill -9, and stops without an orphan', { timeout: 300_000 }, async () => {
    const { instances, registry } = await rig.open();
    const reported = new Promise<void>((resolve) => {
      registry.onChange(({ type }) => type === 'worker.inventory' && resolve());
    });
    const { id } = await instances.start(spec());
    const first = await instances.whenReady(id);
    await reported;
    expect(registry.findByName('real')?.snapshot().inventory?.classTypes.has('KSampler')).toBe(true);

    const again = whenInstance(instances, ({ state, pid }) => state === 'ready' && pid !== first.pid);
    process.kill(first.pid ?? 0, 'SIGKILL');
    const second = await again;
    await whenWorker(registry, 'real', 'online');
    expect(second).toMatchObject({ workerId: first.workerId, restarts: 1 });

    await instances.stop(id);
    expect(await rig.table.findMarked('COMFLEET_INSTANCE', id)).toEqual([]);
    expect(registry.list()).toEqual([]);
  });

  it('is adopted by the next run of the control plane', { timeout: 300_000 }, async () => {
    const before = await rig.open({ onShutdown: 'leave' });
    const { id } = await before.instances.start(spec());
    const { pid } = await before.instances.whenReady(id);
    await before.close();
    const after = await rig.open();
    await after.instances.start(spec());
    expect(await after.instances.whenReady(id)).toMatchObject({ pid, adopted: true });
    await after.close();
    expect(await rig.table.findMarked('COMFLEET_INSTANCE', id)).toEqual([]);
  });
});
