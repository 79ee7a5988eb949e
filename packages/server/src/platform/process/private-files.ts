/** From now on every file and folder of this process and its children is its user's alone, unless it is given more on purpose. */
export function keepFilesPrivate(): void {
  process.umask(0o077);
}
