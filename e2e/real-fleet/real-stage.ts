import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskDetail, TaskId } from '@comfleet/contract';
import { expect, vi } from 'vitest';
import { FlowRig } from '../../packages/server/test/kit/flow-rig.ts';
import { type FoundComfyui, findRealComfyui } from '../services/real-comfyui.ts';
import { ComfyuiProcess } from './comfyui-process.ts';
import type { slowColour } from './graphs.ts';
import { listColours } from './pixels.ts';

type Graph = ReturnType<typeof slowColour>;

/** The built server with default settings, and two real ComfyUI servers, `w1` and `w2`. */
export class RealStage {
  readonly rig: FlowRig;
  readonly #real: FoundComfyui;
  readonly #folder: string;
  readonly #processes = new Map<string, ComfyuiProcess>();

  private constructor(rig: FlowRig, real: FoundComfyui, folder: string) {
    this.rig = rig;
    this.#real = real;
    this.#folder = folder;
  }

  static async open(): Promise<RealStage> {
    const real = findRealComfyui();
    if (real.missing !== undefined) throw new Error(real.missing);
    const folder = await mkdtemp(join(tmpdir(), 'comfleet-real-stage-'));
    const stage = new RealStage(await FlowRig.open({ simulators: [] }), real, folder);
    await Promise.all(['w1', 'w2'].map((name) => stage.#add(name)));
    await stage.rig.whenOnline();
    return stage;
  }

  /** The ComfyUI that runs under this name now. */
  process(name: string): ComfyuiProcess {
    const found = this.#processes.get(name);
    if (!found) throw new Error(`no worker ${name}`);
    return found;
  }

  /** Prompts sent to both since their start. */
  countPrompts(): number {
    return [...this.#processes.values()].reduce((sum, process) => sum + process.countPrompts(), 0);
  }

  /** Kills a ComfyUI and starts it again on its port. */
  async restart(name: string): Promise<void> {
    const { port } = this.process(name);
    await this.process(name).kill();
    this.#processes.set(
      name,
      await ComfyuiProcess.start(this.#real, this.#folder, name, port === undefined ? {} : { port }),
    );
  }

  /** Submits a task that only one worker may run, and waits for this event of it. */
  async startOn(name: string, graph: Graph, event = 'attempt.started'): Promise<TaskId> {
    const { fleet } = this.rig.app;
    const others = fleet.list().filter((worker) => worker.name !== name);
    for (const { id } of others) await fleet.override(id, { maintenance: true });
    const taskId = await this.rig.submit(graph);
    await this.rig.happened(taskId, event);
    for (const { id } of others) await fleet.override(id, { maintenance: false });
    return taskId;
  }

  /** Calls a route of ComfyUI's own, as its page does. */
  async post(name: string, path: string, body?: object): Promise<void> {
    const answer = await fetch(this.process(name).url + path, {
      method: 'POST',
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  }

  /** Resolves when both accept their maximum of prompts: after a silence or a return, a worker gets fewer for a while. */
  whenTaking(): Promise<void> {
    const { fleet } = this.rig.app;
    return new Promise((resolve) => {
      const look = () => {
        if (fleet.list().some(({ slots, maxConcurrent }) => slots < maxConcurrent)) return;
        stop();
        resolve();
      };
      const stop = fleet.onChange(look);
      look();
    });
  }

  /** Resolves when ComfyUI itself reports that nothing runs or waits. */
  async whenIdle(name: string): Promise<void> {
    await vi.waitFor(
      async () => {
        const queue = await (await fetch(`${this.process(name).url}/queue`)).json();
        expect(queue).toEqual({ queue_running: [], queue_pending: [] });
      },
      { timeout: 15_000, interval: 200 },
    );
  }

  /** The record of an ended task, and the colours of its picture. */
  async result(id: TaskId): Promise<{ task: TaskDetail; colours: number[] }> {
    const task = await this.rig.ended(id);
    return { task, colours: task.results.length === 1 ? listColours(await this.rig.bytes(id)) : [] };
  }

  /** Milliseconds from `since` (Date.now) to the n-th event of this type. */
  async msTo(id: TaskId, type: string, count: number, since: number): Promise<number> {
    const events = await this.rig.calls.tasks.loadEvents(this.rig.actor, id, 0);
    const event = events.filter((one) => one.type === type)[count - 1];
    return event ? Date.parse(event.at) - since : Number.NaN;
  }

  async close(): Promise<void> {
    await this.rig.close();
    for (const process of this.#processes.values()) await process.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #add(name: string): Promise<void> {
    const process = await ComfyuiProcess.start(this.#real, this.#folder, name);
    this.#processes.set(name, process);
    await this.rig.app.fleet.add({ name, url: process.url, source: 'config' });
  }
}
