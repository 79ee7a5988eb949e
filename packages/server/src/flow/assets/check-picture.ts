import { AppError } from '../../platform/errors/app-error.ts';
import type { readPicture } from './content-kind.ts';

/** Larger side, pixels and frames of an uploaded picture: decompression bombs are refused by their header. */
export interface PictureLimits {
  maxSide: number;
  maxPixels: number;
  maxFrames: number;
}

/** Throws UNSUPPORTED_MEDIA if the first bytes are not of a jpg, png or webp, or the picture has too many pixels or frames. */
export function checkPicture(
  picture: ReturnType<typeof readPicture>,
  { maxSide, maxPixels, maxFrames }: PictureLimits,
): void {
  if (!picture || picture.format === 'gif')
    throw new AppError('UNSUPPORTED_MEDIA', { accepted: ['jpg', 'jpeg', 'png', 'webp'] });
  const { width, height, frames = 1 } = picture;
  if (frames > maxFrames) {
    throw new AppError('UNSUPPORTED_MEDIA', {
      reason: 'too many frames',
      frames,
      max_frames: maxFrames,
      message_text: { code: 'reason.frames', params: { frames, limit: maxFrames } },
    });
  }
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
