import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import { usePagePlatform } from '../platform/page-platform.ts';

/** The day that the page speaks of: a moment of today is said without its date. */
export const useToday = defineStore('today', () => {
  const platform = usePagePlatform();
  const date = shallowRef(platform.now());

  /** Looks at the clock; what is shown changes only with the day. */
  function refresh(): void {
    const now = platform.now();
    if (now.toDateString() !== date.value.toDateString()) date.value = now;
  }

  return { date, refresh };
});
