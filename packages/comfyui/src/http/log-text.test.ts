import { expect, it } from 'vitest';
import { withoutColours } from './log-text.ts';

it('takes the colours of 0.33 out of a log text and leaves the rest', () => {
  const text =
    '\u001b[32m[INFO]\u001b[0m got [prompt] 1;2m\n\u001b[32mPrompt executed in 0.10 seconds\u001b[0m\n';
  expect(withoutColours(text)).toBe('[INFO] got [prompt] 1;2m\nPrompt executed in 0.10 seconds\n');
});
