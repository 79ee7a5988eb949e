import { defineStore } from 'pinia';
import { shallowRef } from 'vue';

export interface Notice {
  id: number;
  tone: 'good' | 'bad';
  text: string;
}

const SHOWN_MS = { good: 2600, bad: 7000 };
const MOST_SHOWN = 3;

/** Short words at the edge of the page that go by themselves. */
export const useNotices = defineStore('notices', () => {
  const notices = shallowRef<Notice[]>([]);
  let lastId = 0;

  function say(tone: Notice['tone'], text: string): void {
    lastId += 1;
    const id = lastId;
    notices.value = [...notices.value, { id, tone, text }].slice(-MOST_SHOWN);
    window.setTimeout(() => dismiss(id), SHOWN_MS[tone]);
  }

  function dismiss(id: number): void {
    notices.value = notices.value.filter((notice) => notice.id !== id);
  }

  return { notices, say, dismiss };
});
