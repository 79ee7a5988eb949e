import { en as errors } from './errors/en.ts';
import { en as page } from './page/en.ts';
import { en as recovery } from './recovery/en.ts';
import { en as tasks } from './tasks/en.ts';
import { en as values } from './values/en.ts';

/** What the page says in English, of which it has all. */
export const PAGE_EN = { ...errors, ...recovery, ...values, ...tasks, ...page };
