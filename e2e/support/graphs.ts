/* Graphs that need no model. */

/** A red picture; another `width` makes a different one. */
export function picture(width = 64, prefix = 'red') {
  return {
    '1': { class_type: 'EmptyImage', inputs: { width, height: 64, batch_size: 1, color: 16711680 } },
    '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: prefix } },
  };
}

/** The picture after `seconds` of sleep on the worker. */
export function slowPicture(seconds: number) {
  return {
    ...picture(),
    '3': { class_type: 'TestSleep', inputs: { value: ['1', 0], seconds } },
    '2': { class_type: 'SaveImage', inputs: { images: ['3', 0], filename_prefix: 'slow' } },
  };
}

/** Several pictures of one task. */
export function pictures(count: number) {
  return {
    '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: count, color: 255 } },
    '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'blue' } },
  };
}

/** A 1 × 1 PNG. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** A form with one picture. */
export function pictureForm(name: string, bytes: Uint8Array = PNG, field = 'file') {
  const form = new FormData();
  form.append(field, new Blob([new Uint8Array(bytes)]), name);
  return form;
}
