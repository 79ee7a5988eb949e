import type { RecordedError } from '@comfleet/contract';
import { expect, it } from 'vitest';
import { explainFailure } from './explain-failure.ts';
import { openMemoryTerminal } from './testing/memory-terminal.ts';

async function explain(record: RecordedError, lang: string): Promise<string[]> {
  const terminal = openMemoryTerminal();
  await explainFailure(Object.assign(new Error(record.message), record), terminal, { lang });
  return [...terminal.printed];
}

it('problems of parameters are told in Chinese too', async () => {
  const details = {
    problems: [
      {
        parameter: 'promt',
        code: 'unknown',
        message: 'the workflow has no such parameter; did you mean "prompt"?',
        text: { code: 'parameter.unknown_near', params: { nearest: 'prompt' } },
      },
    ],
  };
  const lines = await explain({ code: 'INVALID_PARAMETERS', message: 'x', details }, 'zh');
  expect(lines[1]).toBe('  promt：此工作流没有这个参数；是否要写“prompt”？');
});

it('details that no text is made of are lines with their names', async () => {
  const details = { url: 'http://127.0.0.1:9', accepted: ['png', 'webp'], tries: 3 };
  const lines = await explain({ code: 'WORKER_UNREACHABLE', message: 'x', details }, 'en');
  expect(lines.slice(1)).toEqual(['  url: http://127.0.0.1:9', '  accepted: png, webp', '  tries: 3']);
});
