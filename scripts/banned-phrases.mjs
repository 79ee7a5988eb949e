/**
 * Phrases that a native reader stumbles over, with their replacements. They are phrases, not words: "told", "says" and "beside"
 * have their uses. The glossary is in docs/style.md.
 * @type {readonly { phrase: RegExp, instead: string }[]}
 */
const banned = [
  { phrase: /\banew\b/gi, instead: 'again, or a verb with re-' },
  {
    phrase: /\b(?:so (?:many|long|often)|so much time)\b(?! (?:as|that)\b)/gi,
    instead: 'how many, this many, how long',
  },
  { phrase: /\ba person\b/gi, instead: 'a user' },
  { phrase: /\b(?:said|told) aloud\b/gi, instead: 'reported' },
  { phrase: /\btak(?:es?|ing) nothing new\b/gi, instead: 'accepts no new tasks' },
  { phrase: /\b(?:take|taken|takes) back (?:a|the) (?:task|prompt)\b/gi, instead: 'preempt' },
  { phrase: /\b(?:sign-in|link|session) has run out\b/gi, instead: 'has expired' },
  { phrase: /\bnot in question\b/gi, instead: 'ruled out' },
  { phrase: /\btold apart\b/gi, instead: 'distinguished, recognised' },
  { phrase: /\bpeople are told\b/gi, instead: 'a warning, shown to users' },
  { phrase: /\b(?<!as )of now\b/gi, instead: 'current' },
  { phrase: /\btaken up again\b/gi, instead: 'resumed' },
  { phrase: /\bworkers? (?:is|are|was|were) given up\b/gi, instead: 'lost' },
  { phrase: /; answers (?:its?|the|what|how|null)\b/gi, instead: 'returns' },
  { phrase: /\bbr(?:ing|ings|ought) (?:a|the) prompts? to (?:its|their) end\b/gi, instead: 'finish' },
];

/**
 * Finds the banned phrases of a text, one line each.
 * @param {string} path
 * @param {string} text
 * @returns {string[]}
 */
export function findPhraseProblems(path, text) {
  return text
    .split('\n')
    .flatMap((line, index) =>
      banned.flatMap(({ phrase, instead }) =>
        [...line.matchAll(phrase)].map(([found]) => `${path}:${index + 1}: "${found}" (instead: ${instead})`),
      ),
    );
}
