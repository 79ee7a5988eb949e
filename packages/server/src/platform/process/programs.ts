import { posix, win32 } from 'node:path';

/** How the system finds and starts programs. */
export interface Programs {
  /** Below ComfyUI's folder: where its own Python may be, the most likely first. */
  readonly ownPythons: readonly string[];
  /** The name of Python on the search path. */
  readonly python: string;
  /** The files that a program name may refer to, in the order of the search path. */
  listOnPath(name: string, environment: Environment): string[];
  /** Why this file cannot be started, as the code of a text; null if there is no known reason. */
  findStartProblem(path: string): 'instance.script' | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Programs of Linux and macOS. */
export const posixPrograms: Programs = {
  ownPythons: ['venv/bin/python', '.venv/bin/python'],
  python: 'python3',
  listOnPath: (name, environment) =>
    listFolders(environment.PATH, posix.delimiter).map((folder) => posix.join(folder, name)),
  findStartProblem: () => null,
};

/** Programs of Windows, where names of variables have no case and scripts need a shell. */
export const windowsPrograms: Programs = {
  ownPythons: [
    'venv\\Scripts\\python.exe',
    '.venv\\Scripts\\python.exe',
    // ComfyUI's portable package spells it this way.
    '..\\python_embeded\\python.exe',
  ],
  python: 'python',
  listOnPath: (name, environment) => {
    const variable = Object.keys(environment).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
    const file = win32.extname(name) === '' ? `${name}.exe` : name;
    return listFolders(environment[variable], win32.delimiter).map((folder) => {
      return win32.join(folder.replaceAll('"', ''), file);
    });
  },
  findStartProblem: (path) => (/\.(bat|cmd|ps1)$/i.test(path) ? 'instance.script' : null),
};

function listFolders(searchPath: string | undefined, delimiter: string): string[] {
  return (searchPath ?? '').split(delimiter).filter((part) => part !== '');
}
