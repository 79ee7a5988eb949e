import { z } from 'zod';

/* Fields that settings of several areas have. */

export const port = () => z.int().min(1).max(65_535);
export const seconds = () => z.number().min(0);
/** A folder or file; a relative one starts at the folder of the file. */
export const path = (description: string) => z.string().min(1).meta({ description, path: true });

/** Host names and IP addresses. */
export const HOST = /^(?:[\w-]+(?:\.[\w-]+)*\.?|\[?[0-9a-fA-F:.]+\]?)$/;
