import type { Durations, PerformanceGroup, TaskMeasures, TaskPerformance } from '@comfleet/contract';
import { plainText } from '@comfleet/contract/texts/catalogue';
import { findProjectId } from '../connection/find-project.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { printDownload } from '../output/print-download.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

export interface StatsFlags {
  readonly by: PerformanceGroup;
  readonly days: number;
  readonly until?: string;
  readonly project?: string;
  readonly workflow?: string;
  readonly all?: true;
  readonly csv?: true;
}

/** `comfleet stats`: of one's own tasks, of a project, or with --all of everyone; these with --csv as a file on stdout. */
export async function showStats(context: CommandContext, flags: StatsFlags): Promise<number> {
  if (flags.csv && !flags.all) throw new UsageError(plainText('usage.csv_all'));
  const { terminal, texts } = context;
  const { signal } = terminal;
  const comfleet = await context.connect();
  const { by, days, until, workflow } = flags;
  const project = await findProjectId(comfleet, flags.project, signal);
  const filter = { group_by: by, days, until, workflow, project_id: project };
  if (flags.csv) {
    await printDownload(terminal, await comfleet.performance.export(filter, { signal }));
    return EXIT.ok;
  }
  const { performance } = comfleet;
  const report = await (flags.all
    ? performance.tasks(filter, { signal })
    : performance.own(filter, { signal }));
  context.show(report, () => formatReport(report, texts));
  return EXIT.ok;
}

function formatReport(report: TaskPerformance, texts: CliTexts): string[] {
  const { since, until, time_zone: zone, total, before, groups, left_out: leftOut } = report;
  const row = (name: string, measures: TaskMeasures) => [name, ...toCells(measures)];
  return [
    texts.say('cli.stats_of', { since, until, zone }),
    '',
    ...formatTable(
      texts.heads(
        'group',
        'tasks',
        'failed',
        'success',
        'wait_typical',
        'wait_slow',
        'run_typical',
        'run_slow',
      ),
      [
        ...groups.map(({ key, name, ...measures }) => row(toPlainText(name ?? key ?? '-'), measures)),
        row(texts.say('cli.stats_total'), total),
        row(texts.say('cli.stats_before'), before),
      ],
    ),
    ...(leftOut > 0 ? [texts.say('cli.stats_left_out', { count: leftOut })] : []),
    '',
    texts.say('cli.stats_meaning'),
  ];
}

function toCells({ tasks, failed, success_rate: rate, wait, run }: TaskMeasures): string[] {
  return [
    String(tasks),
    String(failed),
    rate === null ? '-' : `${(100 * rate).toFixed(1)} %`,
    ...toSeconds(wait),
    ...toSeconds(run),
  ];
}

function toSeconds({ p50_seconds: half, p95_seconds: most }: Durations): string[] {
  return [half, most].map((seconds) => (seconds === null ? '-' : seconds.toFixed(2)));
}
