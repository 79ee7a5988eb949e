import type { FleetModel } from '@comfleet/contract';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';

export interface ModelFlags {
  readonly folder?: string;
  readonly kind?: string;
  readonly worker?: string;
}

/** `comfleet models`: each file with its folder, kind and size, and the workers that list it. */
export async function listModels(context: CommandContext, flags: ModelFlags): Promise<number> {
  const comfleet = await context.connect();
  const { folder, kind, worker } = flags;
  const models = await comfleet.fleet.models({ folder, kind, worker }, { signal: context.terminal.signal });
  context.show({ models }, () =>
    models.length === 0
      ? [context.texts.say('cli.nothing')]
      : formatTable(['FOLDER', 'NAME', 'KIND', 'SIZE', 'WORKERS'], models.map(toRow)),
  );
  return EXIT.ok;
}

function toRow({ folder, name, kind, size_bytes: size, inputs, workers }: FleetModel): string[] {
  return [
    toPlainText(folder ?? inputs.join(',')),
    toPlainText(name),
    kind ?? '-',
    size === null ? '-' : formatSize(size),
    toPlainText(workers.join(', ')),
  ];
}

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

function formatSize(bytes: number): string {
  return bytes >= GIB ? `${(bytes / GIB).toFixed(2)} GiB` : `${(bytes / MIB).toFixed(1)} MiB`;
}
