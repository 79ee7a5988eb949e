const PROGRAM = /^\s*(?:"([^"]*)"?|([^ \t"]+))/;
const PIECE = /(\\*)"|([ \t]+)|[^ \t"\\]+|\\+/g;

/**
 * The arguments of a Windows command line as Node and Python write it: spaces and tabs part them, quotes hold one together,
 * and backslashes count only before a quote. The program's own path knows no backslash rules.
 */
export function splitCommandLine(line: string): string[] {
  const program = PROGRAM.exec(line);
  if (!program) return [];
  return [program[1] ?? program[2] ?? '', ...splitArguments(line.slice(program[0].length))];
}

function splitArguments(text: string): string[] {
  const found: string[] = [];
  let argument: string | null = null;
  let isQuoted = false;
  for (const [piece, slashes, space] of text.matchAll(PIECE)) {
    if (space !== undefined && !isQuoted) {
      if (argument !== null) found.push(argument);
      argument = null;
      continue;
    }
    argument = (argument ?? '') + (slashes === undefined ? piece : readSlashes(slashes));
    if (slashes !== undefined && slashes.length % 2 === 0) isQuoted = !isQuoted;
  }
  return argument === null ? found : [...found, argument];
}

/** Backslashes before a quote: two are one, and one that is left makes the quote text. */
function readSlashes(slashes: string): string {
  return '\\'.repeat(Math.floor(slashes.length / 2)) + (slashes.length % 2 === 1 ? '"' : '');
}
