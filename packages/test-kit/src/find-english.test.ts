import { expect, it } from 'vitest';
import { findEnglish } from './find-english.ts';

it.each([
  ['a sentence', '没有工作流“x”。 There is no such workflow.', ['There is no such workflow']],
  ['a sentence between Chinese', '错误：the disk is full，请稍后重试', ['the disk is full']],
  ['words between commas', 'held, queued, running', ['held queued running']],
  ['words in capitals, as heads of a table', 'WORKER  STATE  上限', ['WORKER STATE']],
  ['a word before a name', 'Starting ComfyUI in 文件夹', ['Starting in']],
  ['two sentences on two lines', 'Not found.\n请重试\nTry again.', ['Not found', 'Try again']],
])('finds %s', (_what, text, found) => {
  expect(findEnglish(text)).toEqual(found);
});

it.each([
  ['names', '在 ComfyUI 中使用 GPU 运行 PyTorch，JSON API'],
  ['quoted values', '没有工作流“my own flow”，「another name」，"a third one"，`some code here`'],
  ['addresses and paths', '无法连接 http://host.example/some-path，见 docs/guides/faq.md 和 my/own/file'],
  [
    'flags, placeholders and settings',
    '--max-concurrent <whole number> --label <some label> server.port workers[0].url',
  ],
  ['ids and versions', '任务 01a206a8-1f7d simulated-1 v0.3.64'],
  ['a word alone', '状态：running'],
])('takes no offence at %s', (_what, text) => {
  expect(findEnglish(text)).toEqual([]);
});

it('finds every word alone where that is asked for, and lets those be that are allowed', () => {
  const text = '状态：running，类型 image，comfleet tasks list';

  expect(findEnglish(text, { atLeast: 1 })).toEqual(['running', 'image', 'comfleet tasks list']);
  expect(findEnglish(text, { atLeast: 1, allow: ['image', /comfleet( [a-z]+)*/g] })).toEqual(['running']);
});
