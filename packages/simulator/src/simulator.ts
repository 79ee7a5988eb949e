import { type ControlServer, openControlServer } from './faults/control-server.ts';
import type { FaultName } from './faults/fault-names.ts';
import type { ArmedFault, FaultSpec } from './faults/fault-script.ts';
import type { FileStore } from './files/file-store.ts';
import type { Ledger } from './ledger.ts';
import { compileOptions, type SimulatorOptions } from './options.ts';
import { SimulatorCore } from './simulator-core.ts';

/** Sets, clears and lists faults of one simulator. */
export interface FaultControl {
  /** Returns the fault's id. */
  set(fault: FaultSpec): number;
  clear(which?: FaultName | number): void;
  list(): readonly ArmedFault[];
}

/** A running simulated ComfyUI server. */
export interface Simulator {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Address of the control listener, if `controlPort` was given. */
  readonly controlUrl: string | undefined;
  readonly control: FaultControl;
  readonly ledger: Ledger;
  readonly files: FileStore;
  /** Closes everything; safe to call twice. */
  close(): Promise<void>;
}

/** Opens a simulated server. Rejects with EADDRINUSE if the port is in use. */
export async function openSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const compiled = compileOptions(options);
  const core = new SimulatorCore(compiled, options);
  await core.listen(compiled.port);
  let controlServer: ControlServer | undefined;
  try {
    if (options.controlPort !== undefined) {
      controlServer = await openControlServer(core.faults, core.ledger, {
        host: compiled.host,
        port: options.controlPort,
      });
    }
  } catch (error) {
    await core.close();
    throw error;
  }
  core.ledger.append('started', { port: core.port });
  let closing: Promise<void> | undefined;
  return {
    url: `http://${formatHost(compiled.host)}:${core.port}`,
    host: compiled.host,
    port: core.port,
    controlUrl: controlServer?.url,
    control: {
      set: (fault) => core.faults.set(fault),
      clear: (which) => core.faults.clear(which),
      list: () => core.faults.list(),
    },
    ledger: core.ledger,
    files: core.files,
    close() {
      closing ??= core.close().then(() => controlServer?.close());
      return closing;
    },
  };
}

function formatHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
