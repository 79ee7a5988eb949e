import { AppError } from '../../platform/errors/app-error.ts';
import type { readPicture } from './content-kind.ts';

/** Larger side and pixel count of an uploaded picture: decompression bombs are refused by their header. */
export interface PictureLimits {
  maxSide: number;
  maxPixels: number;
}

/** Throws UNSUPPORTED_MEDIA if the first bytes are not of a jpg, png or webp, or the picture has too many pixels. */
export function checkPicture(
  picture: ReturnType<typeof readPicture>,
  { maxSide, maxPixels }: PictureLimits,
): void {
  if (!picture || picture.format === 'gif')
    throw new AppError('UNSUPPORTED_MEDIA', { accepted: ['jpg', 'jpeg', 'png', 'webp'] });
  const { width, height } = picture;
  if (width === null || height === null) return;
  if (width > maxSide || height > maxSide || width * height > maxPixels) {
    throw new AppError('UNSUPPORTED_MEDIA', {
      reason: 'too many pixels',
      width,
      height,
      max_pixels: maxPixels,
      message_text: { code: 'reason.pixels', params: { width, height, limit: maxPixels } },
    });
  }
}
