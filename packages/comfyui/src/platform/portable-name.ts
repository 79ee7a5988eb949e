// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
const FORBIDDEN = /[\u0000-\u001f\u007f<>:"/\\|?*]/g;
/** Windows opens a device under these names, whatever ending they have. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;

/**
 * A file name that Linux, macOS and Windows all store as one file of that name. What one of them refuses becomes `_`, also a
 * dot or space at the end, which Windows drops; an empty name stays empty.
 */
export function toPortableName(name: string): string {
  const clean = name.replace(FORBIDDEN, '_').replace(/[. ]$/, '_');
  return DEVICE.test(clean) ? `_${clean}` : clean;
}
