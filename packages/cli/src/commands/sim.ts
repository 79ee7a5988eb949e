import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export interface SimFlags {
  readonly port: number;
  readonly host?: string;
  readonly stepMs?: number;
  readonly seed?: number;
  readonly directory?: string;
  readonly ledger?: string;
  readonly controlPort?: number;
}

/** `comfleet sim`: one ComfyUI server without a GPU, until Ctrl-C. */
export async function runSimulator(context: CommandContext, flags: SimFlags): Promise<number> {
  const { terminal } = context;
  const { openSimulator } = await import('@comfleet/simulator');
  const simulator = await openSimulator({
    port: flags.port,
    ...(flags.host === undefined ? {} : { host: flags.host }),
    ...(flags.stepMs === undefined ? {} : { stepMs: flags.stepMs }),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.directory === undefined ? {} : { baseDirectory: flags.directory }),
    ...(flags.ledger === undefined ? {} : { ledgerPath: flags.ledger }),
    ...(flags.controlPort === undefined ? {} : { controlPort: flags.controlPort }),
    log: context.isJson ? () => undefined : terminal.err,
  });
  try {
    const { url, controlUrl } = simulator;
    context.show({ url, control_url: controlUrl ?? null }, () => [
      `Simulated ComfyUI: ${url}`,
      ...(controlUrl === undefined ? [] : [`Control: ${controlUrl}`]),
    ]);
    await untilAborted(terminal.signal);
    return EXIT.ok;
  } finally {
    await simulator.close();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
