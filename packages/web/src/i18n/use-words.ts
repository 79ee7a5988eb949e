import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import type { ApiFailure } from '../api/api.ts';
import type { Language } from './language.ts';

/** Words, and how times, sizes and failures are said, in the person's language. */
export function useWords() {
  const { t, te, tm, rt, locale } = useI18n();
  const language = computed<Language>(() => (locale.value === 'zh' ? 'zh' : 'en'));
  const tag = computed(() => (language.value === 'zh' ? 'zh-CN' : 'en'));

  /** A duration in seconds, as a person says it. */
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
    return new Intl.DateTimeFormat(tag.value, format).format(moment);
  }

  function sayExact(iso: string): string {
    const format: Intl.DateTimeFormatOptions = { dateStyle: 'medium', timeStyle: 'medium' };
    return new Intl.DateTimeFormat(tag.value, format).format(new Date(iso));
  }

  function sayBytes(bytes: number): string {
    if (bytes < 1000) return `${String(bytes)} B`;
    if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(0)} kB`;
    return `${(bytes / 1_000_000).toFixed(1)} MB`;
  }

  /** A failure in the person's language where we have words for it, else the server's own. */
  function sayFailure(failure: Pick<ApiFailure, 'code' | 'message'>): string {
    const key = `errors.${failure.code}`;
    return te(key, locale.value) ? t(key) : failure.message;
  }

  /** The words for a name that may come from a person's own configuration. */
  function sayName(prefix: string, name: string): string {
    const key = `${prefix}.${name}`;
    if (te(key, locale.value)) return t(key);
    const words = name.replaceAll('_', ' ');
    return words.charAt(0).toUpperCase() + words.slice(1);
  }

  /** A list of texts. */
  function sayList(key: string): string[] {
    const list: unknown = tm(key);
    return Array.isArray(list) ? list.map((entry: string) => rt(entry)) : [];
  }

  return { t, language, locale, sayDuration, sayMoment, sayExact, sayBytes, sayFailure, sayName, sayList };
}
