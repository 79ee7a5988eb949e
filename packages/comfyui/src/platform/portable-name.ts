// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f<>:"/\\|?*]/g;
/** They turn what follows around, so that a name shows another ending than it has. */
const BIDI = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** Windows opens a device under these names, whatever ending they have. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;

/**
 * A file name that Linux, macOS and Windows all store as one file of that name. What one of them refuses becomes `_`, also what
 * turns the direction of text, and a dot or space at the end, which Windows drops; an empty name stays empty.
 */
export function toPortableName(name: string): string {
  const clean = name.replace(FORBIDDEN, '_').replace(BIDI, '_').replace(/[. ]$/, '_');
  return DEVICE.test(clean) ? `_${clean}` : clean;
}
