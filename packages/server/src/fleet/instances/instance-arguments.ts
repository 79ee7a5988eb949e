import { refuseInstance } from './refuse-instance.ts';

export interface InstanceArguments {
  /** Script of ComfyUI, `main.py`. */
  entry: string;
  listen: string;
  port: number;
  /**
   * Folder for temporary files, unique to each instance. ComfyUI deletes only `temp` inside it. It appears in the argv, both on the
   * machine and in /system_stats, and so proves that a process is ours.
   */
  markerDirectory: string;
  /** Folder for models, custom_nodes, input, output and user; null: they stay in the installation. */
  baseDirectory: string | null;
  extraArgs: readonly string[];
}

/** Arguments that only we set: address, access, and the mark. Python's argparse also accepts prefixes of names. */
const OURS = [
  '--listen',
  '--port',
  '--enable-cors-header',
  '--temp-directory',
  '--auto-launch',
  '--tls-keyfile',
  '--tls-certfile',
];

/**
 * Builds the arguments after the interpreter; ours come last and win, except for the database. Throws INSTANCE_CONFIG for extra
 * arguments that only we set.
 */
export function buildInstanceArguments(options: InstanceArguments): string[] {
  for (const argument of options.extraArgs) {
    const taken = findTaken(argument);
    if (taken !== null) {
      throw refuseInstance('extra_args', argument, {
        code: 'instance.own_argument',
        params: { argument: taken },
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

/** Each instance gets its own database: only one could lock a shared one. Extra arguments may name another. */
function toDatabaseUrl(markerDirectory: string): string {
  return `sqlite:///${markerDirectory.replaceAll('\\', '/')}/comfyui.db`;
}

function findTaken(argument: string): string | null {
  if (argument === '--') return '--';
  const name = argument.split('=')[0] ?? argument;
  if (!/^--[a-z]/i.test(name)) return null;
  return OURS.find((own) => own.startsWith(name.toLowerCase())) ?? null;
}
