import { stripVTControlCharacters } from 'node:util';
import type { VersionProfile } from '@comfleet/simulator';
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
  /** Which ComfyUI is acted. */
  readonly profile: VersionProfile;
}

/** `comfleet sim`: one ComfyUI server without a GPU, until Ctrl-C. */
export async function runSimulator(context: CommandContext, flags: SimFlags): Promise<number> {
  const { terminal } = context;
  const { say } = context.texts;
  const { openSimulator } = await import('@comfleet/simulator');
  const simulator = await openSimulator({
    port: flags.port,
    version: flags.profile,
    ...(flags.host === undefined ? {} : { host: flags.host }),
    ...(flags.stepMs === undefined ? {} : { stepMs: flags.stepMs }),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.directory === undefined ? {} : { baseDirectory: flags.directory }),
    ...(flags.ledger === undefined ? {} : { ledgerPath: flags.ledger }),
    ...(flags.controlPort === undefined ? {} : { controlPort: flags.controlPort }),
    // ComfyUI 0.33 colours its log even where nobody sees colours.
    log: context.isJson ? () => undefined : (line) => terminal.err(stripVTControlCharacters(line)),
  });
  try {
    const { url, controlUrl } = simulator;
    context.show({ url, control_url: controlUrl ?? null }, () => [
      say('cli.simulator', { url }),
      ...(controlUrl === undefined ? [] : [say('cli.simulator_control', { url: controlUrl })]),
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
