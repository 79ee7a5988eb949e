import type { Catalogue } from '@comfleet/contract';
import { CLI_TEXTS } from '@comfleet/contract/texts/cli';
import { HELP_TEXTS } from '@comfleet/contract/texts/help';
import { START_TEXTS } from '@comfleet/contract/texts/start';
import { findEnglish } from '@comfleet/test-kit';
import { expect, it } from 'vitest';

const COMMANDS = /(npx )?comfleet [a-z-]+( [a-z-]+)?|file: PATH/g;

/** What users are to put in there, and what PyTorch and ComfyUI are told. */
const PLACES = ['DIR', 'HOST', 'NAME', 'PORT', 'VARIABLE'];

it.each([
  ['cli', CLI_TEXTS],
  ['help', HELP_TEXTS],
  ['start', START_TEXTS],
] as const)('the Chinese texts of %s have no English sentence', (_area, catalogue: Catalogue) => {
  const english = (['zh-CN', 'zh-TW'] as const).flatMap((language) =>
    Object.entries(catalogue[language] ?? {}).flatMap(([code, message]) => {
      const sentences = typeof message === 'string' ? [message] : Object.values(message?.cases ?? {});
      const found = sentences.flatMap((text) => findEnglish(text, { allow: [COMMANDS, ...PLACES] }));
      return found.map((words) => `${language} ${code}: ${words}`);
    }),
  );

  expect(english).toEqual([]);
});
