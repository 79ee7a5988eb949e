import { MODEL_KINDS } from '@comfleet/comfyui';
import type { FleetModel } from '@comfleet/contract';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import { pickOne } from '../parameters/pick-one.ts';
import type { CliTexts } from '../texts/cli-texts.ts';
import { findWorker } from './workers.ts';

export interface ModelFlags {
  readonly folder?: string;
  readonly kind?: string;
  readonly worker?: string;
}

/** `comfleet models`: each file with its folder, kind and size, and the workers that list it. */
export async function listModels(context: CommandContext, flags: ModelFlags): Promise<number> {
  const { folder } = flags;
  const kind = flags.kind === undefined ? undefined : pickOne('--kind', flags.kind, MODEL_KINDS);
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const worker =
    flags.worker === undefined ? undefined : (await findWorker(comfleet, flags.worker, signal)).name;
  const models = await comfleet.fleet.models({ folder, kind, worker }, { signal });
  context.show({ models }, () =>
    models.length === 0
      ? [context.texts.say('cli.nothing')]
      : formatTable(
          context.texts.heads('folder', 'name', 'kind', 'size', 'workers'),
          models.map((model) => toRow(model, context.texts)),
        ),
  );
  return EXIT.ok;
}

function toRow(
  { folder, name, kind, size_bytes: size, inputs, workers, away = [] }: FleetModel,
  texts: CliTexts,
): string[] {
  const holders = workers.map((worker) =>
    away.includes(worker) ? texts.say('cli.away', { worker }) : worker,
  );
  return [
    toPlainText(folder ?? inputs.join(',')),
    toPlainText(name),
    kind === null ? '-' : texts.name('model_kind', kind),
    size === null ? '-' : formatSize(size),
    toPlainText(holders.join(', ')),
  ];
}

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

function formatSize(bytes: number): string {
  return bytes >= GIB ? `${(bytes / GIB).toFixed(2)} GiB` : `${(bytes / MIB).toFixed(1)} MiB`;
}
