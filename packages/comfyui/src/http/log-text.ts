// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const COLOUR = /\u001b\[[0-9;]*m/g;

/** A text of ComfyUI's log without the colours that 0.23.0 and later add. */
export function withoutColours(text: string): string {
  return text.replace(COLOUR, '');
}
