import { randomBytes } from 'node:crypto';
import type { ServerState } from '../http/server-state.ts';
import { type FaultSpec, readNumber, readText } from './fault-script.ts';

interface ActionDeps {
  readonly state: ServerState;
  readonly restart: (spec: FaultSpec) => void;
  readonly crash: (spec: FaultSpec) => void;
}

const GOING_AWAY = 1001;

/** Carries out action faults (FAULTS.md). */
export function createFaultActions(deps: ActionDeps): (spec: FaultSpec) => void {
  const { state } = deps;
  const actions: Partial<Record<FaultSpec['name'], (spec: FaultSpec) => void>> = {
    crash: deps.crash,
    restart: deps.restart,
    reboot: deps.restart,
    block_loop: (spec) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, readNumber(spec, 'ms', 10_000));
    },
    worker_dead: () => state.worker.die(),
    delete_prompt: (spec) => deletePrompt(state, spec),
    clear_queue: () => {
      state.queue.clear();
      state.announceQueue();
    },
    clear_history: () => state.history.clear(),
    interrupt_all: () => state.worker.interrupt(),
    hide_class: (spec) => state.catalog.hide({ className: readText(spec, 'class', '') }),
    hide_model: (spec) => state.catalog.hide({ modelName: readText(spec, 'model', '') }),
    ...createSocketActions(state),
  };
  return (spec) => actions[spec.name]?.(spec);
}

/** Deletes a waiting prompt as a user of ComfyUI's page would; without an id, every waiting one. */
function deletePrompt(state: ServerState, spec: FaultSpec): void {
  const ids =
    spec.prompt_id === undefined ? state.queue.pending().map((item) => item.promptId) : [spec.prompt_id];
  for (const id of ids) if (state.queue.remove(id)) state.ledger.append('prompt_deleted', { prompt_id: id });
  state.announceQueue();
}

function createSocketActions(
  state: ServerState,
): Partial<Record<FaultSpec['name'], (spec: FaultSpec) => void>> {
  const { hub } = state;
  const broadcast = (type: string, data: string | Buffer): void =>
    hub.send({ type, data, target: undefined });
  return {
    ws_close: () => {
      for (const peer of hub.peers()) peer.socket.close(GOING_AWAY);
    },
    ws_reset: () => {
      for (const peer of hub.peers()) peer.raw.resetAndDestroy();
    },
    ws_half_open: () => {
      for (const peer of hub.peers()) {
        peer.isMute = true;
        peer.raw.removeAllListeners('data');
        peer.raw.pause();
      }
      hub.deafen();
    },
    ws_deaf: () => hub.deafen(),
    ws_flood: (spec) => void flood(state, spec),
    ws_huge_frame: (spec) => {
      const picture = Buffer.alloc(readNumber(spec, 'bytes', 64 * 1024 * 1024));
      picture.writeUInt32BE(1, 0);
      picture.writeUInt32BE(1, 4);
      broadcast('preview', picture);
    },
    ws_invalid_json: () => broadcast('invalid', '{"type": "progress", "data": {'),
    ws_unknown_type: (spec) =>
      broadcast(
        'unknown',
        `{"type": "${readText(spec, 'type', 'crystools.monitor')}", "data": {"cpu": NaN}}`,
      ),
    ws_foreign_end: (spec) => {
      const id = readText(spec, 'foreign_id', '00000000-0000-4000-8000-000000000000');
      broadcast('executing', `{"type": "execution_success", "data": {"prompt_id": "${id}", "timestamp": 0}}`);
      broadcast('executing', `{"type": "executing", "data": {"node": null, "prompt_id": "${id}"}}`);
    },
  };
}

/** Sends random previews to every socket at a given rate, for a given time. */
async function flood(state: ServerState, spec: FaultSpec): Promise<void> {
  const bytesPerSecond = readNumber(spec, 'mb_per_s', 20) * 1024 * 1024;
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 1]), randomBytes(256 * 1024)]);
  const pauseMs = (frame.length / bytesPerSecond) * 1000;
  const count = Math.ceil(readNumber(spec, 'ms', 1000) / pauseMs);
  for (let i = 0; i < count; i += 1) {
    state.hub.send({ type: 'preview', data: frame, target: undefined });
    await state.options.clock.sleep(pauseMs);
  }
}
