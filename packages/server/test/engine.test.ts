import type { TaskId } from '@comfleet/contract';
import { expect, test } from 'vitest';
import { describeEngine, type EngineStage } from '../src/flow/engine/conformance.ts';
import type { Engine } from '../src/flow/engine/engine.ts';
import { FlowRig, sleepGraph } from './kit/flow-rig.ts';
import { openPortEngine } from './kit/port-engine.ts';

/** The built server over two simulators with one slot each. `wrap` replaces its engine. */
async function openStage(wrap: (engine: Engine) => { engine: Engine; close(): void }): Promise<EngineStage> {
  const rig = await FlowRig.open({
    simulators: [{}, {}],
    file: (simulators) => ({
      workers: simulators.map(({ url }, index) => ({ name: `gpu-${index + 1}`, url, max_concurrent: 1 })),
    }),
  });
  const { engine, close } = wrap(rig.app.engine);
  const { database } = rig.app;
  const load = async (id: TaskId) => {
    const [row] = await database.read(database.k.selectFrom('task').selectAll().where('id', '=', id));
    if (!row) throw new Error(`no task ${id}`);
    return row;
  };
  return {
    engine,
    load,
    submit: (seconds) => rig.submit(sleepGraph(seconds)),
    requestCancel: async (id) => void (await rig.calls.tasks.cancel(rig.actor, id)),
    started: (id) => rig.happened(id, 'attempt.started'),
    ended: async (id) => {
      await rig.ended(id);
      return load(id);
    },
    close: async () => {
      close();
      await rig.close();
    },
  };
}

describeEngine('the embedded one', () => openStage((engine) => ({ engine, close: () => {} })));
describeEngine('the embedded one across a MessagePort', () => openStage(openPortEngine));

test('an error of an engine crosses the port with its code', async () => {
  const broken = new Proxy({} as Engine, {
    get: () => async () => Promise.reject(Object.assign(new Error('away'), { code: 'UNAVAILABLE' })),
  });
  const { engine, close } = openPortEngine(broken);

  await expect(engine.stats()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'away' });
  close();
});
