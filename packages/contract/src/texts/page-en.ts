import { en as errors } from './errors/en.ts';
import { en as page } from './page/en.ts';
import { en as recovery } from './recovery/en.ts';
import { en as tasks } from './tasks/en.ts';
import { en as values } from './values/en.ts';

/** The page's texts in English, which is complete. */
export const PAGE_EN = { ...errors, ...recovery, ...values, ...tasks, ...page };
