/** The environment of this process: the only place in the package that reads it. */
export const environment: Readonly<Record<string, string | undefined>> = process.env;
