/** The command line of a process: its arguments, or, if the system reports no more, all of them joined by spaces. */
export type CommandLine = readonly string[] | string;

/** True when one of the arguments is this one. */
export function hasArgument(line: CommandLine, argument: string): boolean {
  return typeof line === 'string' ? ` ${line} `.includes(` ${argument} `) : line.includes(argument);
}

/** True if these are the last arguments. */
export function endsWithArguments(line: CommandLine, expected: readonly string[]): boolean {
  if (typeof line === 'string') return ` ${line}`.endsWith(` ${expected.join(' ')}`);
  const tail = line.slice(Math.max(0, line.length - expected.length));
  return tail.length === expected.length && tail.every((item, index) => item === expected[index]);
}

/** The program, for a log. */
export function programOf(line: CommandLine): string | undefined {
  return typeof line === 'string' ? line.split(' ')[0] : line[0];
}
