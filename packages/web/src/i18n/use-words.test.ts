import type { Language } from '@comfleet/contract';
import { PAGE_TEXTS } from '@comfleet/contract/texts/page';
import { mount } from '@vue/test-utils';
import { expect, test } from 'vitest';
import { defineComponent, h } from 'vue';
import { createPageLanguage } from './language.ts';
import { useWords } from './use-words.ts';

type Words = ReturnType<typeof useWords>;

function show(language: Language, say: (words: Words) => string): string {
  const component = defineComponent({
    setup() {
      const words = useWords();
      return () => h('p', say(words));
    },
  });
  return mount(component, { global: { plugins: [createPageLanguage(language, PAGE_TEXTS)] } }).text();
}

test.each([
  ['en', { code: 'task.ahead', params: { ahead: 2 } }, 'Waiting: 2 ahead.'],
  ['zh-CN', { code: 'task.ahead', params: { ahead: 2 } }, '排队中：前面还有 2 个。'],
  ['zh-CN', { code: 'task.dreaming', params: {} }, 'As the server says. (task.dreaming)'],
  ['zh-CN', undefined, 'As the server says.'],
] as const)('in %s what a server sends as %j is shown as "%s"', (language, text, shown) => {
  expect(show(language, ({ saySent }) => saySent(text, 'As the server says.'))).toBe(shown);
});

test.each([
  ['en', 'NO_CAPABLE_WORKER', 'No worker has the required nodes or models.'],
  ['zh-CN', 'NO_CAPABLE_WORKER', '没有工作节点具备所需的节点或模型。'],
  ['zh-CN', 'OF_A_NEWER_SERVER', 'As the server says.'],
] as const)('in %s the failure %s is shown as "%s"', (language, code, shown) => {
  expect(
    show(language, ({ sayFailure }) => sayFailure({ code, message: 'As the server says.', details: null })),
  ).toBe(shown);
});

test.each([
  ['image_to_video', '图生视频'],
  ['text_to_audio', '文生音频'],
  ['image_to_3d', '图生 3D'],
  ['my_own_type', 'My own type'],
  ['', ''],
])('the type %s of a configuration is shown as "%s"', (name, shown) => {
  expect(show('zh-CN', ({ sayName }) => sayName('types', name))).toBe(shown);
});
