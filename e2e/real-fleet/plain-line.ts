// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches the escape character
const COLOUR = /\u001b\[[0-9;]*m/g;
const LEVEL = /^\[[A-Z]+\] /;

/** A line of ComfyUI's log without the colours and the `[LEVEL] ` that were added in 0.23.0. */
export function plainLine(line: string): string {
  return line.replace(COLOUR, '').replace(LEVEL, '');
}
