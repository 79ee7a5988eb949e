/** From now on all files and folders of this process and its children are private to its user, unless opened up on purpose. */
export function keepFilesPrivate(): void {
  process.umask(0o077);
}
