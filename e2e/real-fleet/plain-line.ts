// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const COLOUR = /\u001b\[[0-9;]*m/g;
const LEVEL = /^\[[A-Z]+\] /;

/** A line of ComfyUI's log as ComfyUI below 0.23.0 writes it: without the colours and the `[LEVEL] ` that came then. */
export function plainLine(line: string): string {
  return line.replace(COLOUR, '').replace(LEVEL, '');
}
