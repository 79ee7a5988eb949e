/** Where the debugging calls write; the console unless the caller passes another. */
export interface Log {
  info(line: string): void;
  error(line: string, cause?: unknown): void;
}

/** Writes to the console of the page or process. */
export const consoleLog: Log = {
  info: (line) => console.info(line),
  error: (line, cause) => (cause === undefined ? console.error(line) : console.error(line, cause)),
};
