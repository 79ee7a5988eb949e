const PROGRAM = /^\s*(?:"([^"]*)"?|([^ \t"]+))/;
const PIECE = /(\\*)"|([ \t]+)|[^ \t"\\]+|\\+/g;

/**
 * Splits a Windows command line as Node and Python write it: spaces and tabs separate arguments, quotes group them, and
 * backslashes are special only before a quote. The program's own path has no backslash rules.
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

/** Backslashes before a quote: two make one, and a remaining one escapes the quote. */
function readSlashes(slashes: string): string {
  return '\\'.repeat(Math.floor(slashes.length / 2)) + (slashes.length % 2 === 1 ? '"' : '');
}
