import { AppError } from '../../platform/errors/app-error.ts';

export interface InstanceArguments {
  /** Script of ComfyUI, `main.py`. */
  entry: string;
  listen: string;
  port: number;
  /**
   * Folder for temporary files, its own for each instance: ComfyUI takes it, deletes only `temp` inside, and repeats it in
   * its argv, on the machine as over HTTP (/system_stats); so it is the mark that proves a process ours.
   */
  markerDirectory: string;
  /** Moves models, custom_nodes, input, output and user; null leaves them in the installation. */
  baseDirectory: string | null;
  extraArgs: readonly string[];
}

/** Set by us alone: where it listens, who may call it, and the mark. Python's argparse accepts beginnings of names too. */
const OURS = [
  '--listen',
  '--port',
  '--enable-cors-header',
  '--temp-directory',
  '--auto-launch',
  '--tls-keyfile',
  '--tls-certfile',
];

/** The arguments behind the interpreter, ours last so that they win (but for the database). Throws INSTANCE_CONFIG for extra ones that are ours to set. */
export function buildInstanceArguments(options: InstanceArguments): string[] {
  for (const argument of options.extraArgs) {
    const taken = findTaken(argument);
    if (taken !== null) {
      throw new AppError('INSTANCE_CONFIG', {
        field: 'extra_args',
        value: argument,
        problem: `${taken} is set by Comfleet and cannot be given here`,
      });
    }
  }
  const base = options.baseDirectory === null ? [] : ['--base-directory', options.baseDirectory];
  return [
    options.entry,
    '--database-url',
    toDatabaseUrl(options.markerDirectory),
    ...options.extraArgs,
    ...base,
    '--temp-directory',
    options.markerDirectory,
    '--listen',
    options.listen,
    '--port',
    String(options.port),
    '--disable-auto-launch',
  ];
}

/** Instances of one installation would share its database, which only the first to start could lock; extra arguments may name another. */
function toDatabaseUrl(markerDirectory: string): string {
  return `sqlite:///${markerDirectory.replaceAll('\\', '/')}/comfyui.db`;
}

function findTaken(argument: string): string | null {
  if (argument === '--') return '--';
  const name = argument.split('=')[0] ?? argument;
  if (!/^--[a-z]/i.test(name)) return null;
  return OURS.find((own) => own.startsWith(name.toLowerCase())) ?? null;
}
