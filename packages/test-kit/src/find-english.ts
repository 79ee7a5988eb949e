/** Latin words in every language: names, formats and units. */
const NAMES = new Set(
  `Comfleet ComfyUI Agent Authorization Basic Bearer Checkpoint Ctrl Ctrl-C Docker GitHub Linux LoRA LoRAs macOS MySQL Node Node.js OpenAI PEM
  PostgreSQL Python PyTorch Redis SQLite VAE WebSocket Windows API CFG CORS CPU CSV DNS GPU HTTP HTTPS ID IP JSON JWT LAN MQTT PNG
  PID RAM SDK SQL SRV SSE TCP TLS UDP UI URL UTF UTF-8 UTF-16 UUID VRAM WEBP YAML ZIP npm npx workflow_name B KB MB GB KiB MiB GiB
  ms px fps`.split(/\s+/),
);

/** Parts that are not translated: quoted values, code, addresses, placeholders. */
const SHOWN_AS_IT_IS = [
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal
  /\u001b\[[0-9;]*m/g,
  /“[^”\n]*”|‘[^’\n]*’|「[^」\n]*」|"[^"\n]*"|`[^`\n]*`/g,
  /\b[a-z][a-z+.-]*:\/\/[!-~]+/gi,
  /<[^<>\n]*>|\{[^{}\n]*\}/g,
  /[\w.]+(?:\[\d+\][\w.]*)+/g,
];

/** Replaces what is left out, so that the words around it do not become neighbours. */
const BREAK = '\u0000';
const PLAIN_WORD = /^(?:[A-Z]?[a-z]+|[A-Z]+)(?:['’-][A-Za-z]+)*$/;

export interface EnglishOptions {
  /** Words that are allowed in this text, as `ComfyUI` is in any, and patterns (with the flag g) of what is not a sentence. */
  readonly allow?: readonly (string | RegExp)[];
  /** Words in a row that count as English: default 2, so that a single name does not; with 1 every word must be allowed. */
  readonly atLeast?: number;
}

/**
 * Returns the runs of English words in a text that should be Chinese, verbatim. Names, quoted values, code, addresses,
 * placeholders, flags, and anything with a digit, an underscore, a slash or a dot are not words. Pure.
 */
export function findEnglish(text: string, { allow = [], atLeast = 2 }: EnglishOptions = {}): string[] {
  const names = new Set([...NAMES, ...allow.filter((one) => typeof one === 'string')]);
  const patterns = [...allow.filter((one) => one instanceof RegExp), ...SHOWN_AS_IT_IS];
  const rest = patterns.reduce((left, pattern) => left.replaceAll(pattern, BREAK), text);
  return splitRuns(rest, names)
    .filter((run) => run.length >= atLeast && run.some((word) => word.length > 1))
    .map((run) => run.join(' '));
}

/** Words with only spaces, commas, names and the like between them. */
function splitRuns(text: string, names: ReadonlySet<string>): string[][] {
  const runs: string[][] = [[]];
  for (const [token] of text.matchAll(/[!-~’]+|[^!-~’ ]+/g)) {
    for (const part of token.split(/[,;:!?()[\]|]+/)) {
      const word = part.replace(/^['’.-]+|['’.]+$/g, '');
      if (word === '' || names.has(word)) continue;
      if (PLAIN_WORD.test(word) && !/^(--?|\.)[a-z]/i.test(part)) runs.at(-1)?.push(word);
      else runs.push([]);
    }
  }
  return runs;
}
