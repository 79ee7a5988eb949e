import {
  formatSent,
  formatText,
  formatTexts,
  type Language,
  type PlainCode,
  pickLabel,
  plainText,
  readFailure,
  type Say,
  type Text,
  type Workflow,
} from '@comfleet/contract';
import type { PAGE_TEXTS } from '@comfleet/contract/texts/page';
import { PAGE_EN } from '@comfleet/contract/texts/page-en';
import type { ApiFailure } from '../api/api.ts';
import { type PageTexts, usePageLanguage } from './language.ts';

/** Words, and how times, sizes and failures are said, in the person's language. */
export function useWords() {
  const { language, texts: all } = usePageLanguage();
  const t: Say<typeof PAGE_TEXTS.en> = (code, ...[params]) =>
    formatText(all.value, language.value, { code, params: params ?? {} });

  /** A duration in seconds, as one says it. */
  function sayDuration(seconds: number): string {
    if (seconds < 10) return t('time.seconds', { n: seconds.toFixed(1) });
    if (seconds < 60) return t('time.seconds', { n: Math.round(seconds) });
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return t('time.minutes', { m: minutes, s: Math.round(seconds - minutes * 60) });
    return t('time.hours', { h: Math.floor(minutes / 60), m: minutes % 60 });
  }

  /** A moment (ISO 8601) as day and time; today's as time only. */
  function sayMoment(iso: string, now: Date): string {
    const moment = new Date(iso);
    const sameDay = moment.toDateString() === now.toDateString();
    const format: Intl.DateTimeFormatOptions = sameDay
      ? { hour: '2-digit', minute: '2-digit' }
      : { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' };
    return new Intl.DateTimeFormat(language.value, format).format(moment);
  }

  const sayExact = (iso: string): string =>
    new Intl.DateTimeFormat(language.value, { dateStyle: 'medium', timeStyle: 'medium' }).format(
      new Date(iso),
    );

  /** A failure in one sentence, in the person's language where we have words for it, else in the server's own. */
  const sayFailure = (error: FailureFields): string => describeFailure(error, all.value, language.value);

  /** What else there is to say of it, one thing each. */
  const sayPoints = (error: FailureFields): string[] =>
    readFailure(error).points.map((point) => formatText(all.value, language.value, point));

  /** What the server says, in the person's language; its English where it is of another version. */
  function saySent(texts: Text | undefined, sentence: string): string {
    return formatSent(all.value, language.value, { texts, sentence });
  }

  /** Several texts of a server, one after the other. */
  const sayTexts = (texts: readonly Text[]): string => formatTexts(all.value, language.value, texts);

  /** The title that a workflow's author gave it; undefined for a workflow that is gone. */
  function sayTitle(workflow: Pick<Workflow, 'title'> | null | undefined): string | undefined {
    return workflow ? pickLabel(workflow.title, language.value) : undefined;
  }

  const sayAbout = (about: Described): string | null => pickDescription(about, language.value);

  /** A name and what it stands before. */
  const sayLabelled = (label: string, value: string): string => t('join.label', { label, value });

  /** The words for a name that may come from the user's own configuration. */
  function sayName(prefix: 'presets' | 'types', name: string): string {
    const code = `${prefix}.${name}`;
    if (hasWords(code)) return t(code);
    const words = name.replaceAll('_', ' ');
    return words.charAt(0).toUpperCase() + words.slice(1);
  }

  return {
    t,
    language,
    sayDuration,
    sayMoment,
    sayExact,
    sayBytes,
    sayFailure,
    sayPoints,
    saySent,
    sayTexts,
    sayTitle,
    sayAbout,
    sayLabelled,
    sayName,
  };
}

/** A size as people read it. */
function sayBytes(bytes: number): string {
  if (bytes < 1000) return `${String(bytes)} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(0)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

type Described = Pick<Workflow, 'description' | 'descriptions'>;

/** What something is for, in a language; null where its author does not say it in that one. */
function pickDescription({ description, descriptions }: Described, language: Language): string | null {
  if (descriptions) return pickLabel(descriptions, language);
  if (description === null || language === 'en') return description;
  return /\p{Script=Han}/u.test(description) ? description : null;
}

type FailureFields = Pick<ApiFailure, 'code' | 'message' | 'details'>;

/** Where the code says all there is, the page's own words for it come first. */
function describeFailure(error: FailureFields, texts: PageTexts, language: Language): string {
  const { summary } = readFailure(error);
  const saysMore = summary.code !== error.code && summary.code !== 'failure.said';
  const own = `errors.${error.code}`;
  if (!saysMore && hasWords(own)) return formatText(texts, language, plainText(own));
  return saysMore || language !== 'en' ? formatText(texts, language, summary) : error.message;
}

type Words = PlainCode<typeof PAGE_TEXTS.en>;

/** True for the code of words of the page that need no values. */
function hasWords(code: string): code is Words {
  const message = Object.entries(PAGE_EN).find(([known]) => known === code)?.[1];
  return typeof message === 'string' && !message.includes('{');
}
