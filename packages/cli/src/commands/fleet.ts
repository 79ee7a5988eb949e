import { type Balancing, STRATEGIES } from '@comfleet/contract';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable } from '../output/table.ts';
import { pickOne } from '../parameters/pick-one.ts';

const HEADS = [
  'total',
  'online',
  'busy',
  'offline',
  'error',
  'maintenance',
  'draining',
  'load',
  'free',
] as const;

/** `comfleet fleet stats`. */
export async function showStats(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  const stats = await comfleet.fleet.stats({ signal: context.terminal.signal });
  const { total, online, busy, offline, error, maintenance, draining } = stats;
  const { texts } = context;
  const load = texts.say('cli.load', {
    load: stats.load,
    capacity: stats.capacity,
    percent: stats.load_percent,
  });
  context.show(stats, () => {
    const counts = [total, online, busy, offline, error, maintenance, draining].map(String);
    return formatTable(texts.heads(...HEADS), [[...counts, load, String(stats.free_slots)]]);
  });
  return EXIT.ok;
}

/** `comfleet strategy show`. */
export async function showStrategy(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  return show(context, await comfleet.fleet.balancing({ signal: context.terminal.signal }));
}

/** `comfleet strategy set`: `file` lets the server's file decide again. */
export async function setStrategy(context: CommandContext, name: string): Promise<number> {
  const word = pickOne('<name>', name, [...STRATEGIES, 'file'] as const);
  const strategy = word === 'file' ? null : word;
  const comfleet = await context.connect();
  return show(context, await comfleet.fleet.setStrategy(strategy, { signal: context.terminal.signal }));
}

function show(context: CommandContext, balancing: Balancing): number {
  const { strategy, changed_at: since } = balancing;
  const { say, name } = context.texts;
  const source = name('strategy_source', balancing.source);
  context.show(balancing, () => [
    since === null
      ? say('cli.strategy', { strategy, source })
      : say('cli.strategy_since', { strategy, source, since }),
  ]);
  return EXIT.ok;
}
