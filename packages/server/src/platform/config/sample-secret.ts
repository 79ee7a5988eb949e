/** Words of samples in documents and tutorials, which are public. */
const SAMPLE_WORDS = `
  your my our the an this here me it is be must please not for and or secret key token
  password passwd passphrase pass pw user name id admin administrator root test testing
  example sample demo default dummy placeholder todo change replace insert enter set use some
  any value string text with by a super very long random strong secure safe private public
  shared generate generated own at least min minimum character char byte bit in to of on
  before production prod development dev local staging server service app api web site studio
  jwt auth join client signing session cookie database db mysql mariadb postgres redis
  comfleet comfyui comfy worker node fleet gateway qwerty letmein welcome foo bar`;
const ONLY_SAMPLE_WORDS = new RegExp(`^(?:(?:${SAMPLE_WORDS.trim().split(/\s+/).join('|')})s?)+$`);
/** Short pieces written again and again. */
const REPEATED = /^(.{1,8})\1{2,}.{0,7}$/s;
/** Of the steps between neighboring characters; of random ones about a fifth is this small. */
const MAX_SMALL_STEPS = 2 / 3;

const SHORTEST_KEY = 32;

/** True for a secret as documents show them: made of words such as "your-secret-key", of a sequence, or of repetitions. */
export function isSampleSecret(secret: string): boolean {
  const text = secret.trim().toLowerCase();
  return hasOnlySampleWords(text) || REPEATED.test(text) || isSequence(text);
}

/** True for text whose letters are such words, and at least as many as its digits: random keys have short pieces of letters. */
function hasOnlySampleWords(text: string): boolean {
  const pieces = text.match(/\p{L}+/gu) ?? [];
  const digits = text.replace(/\D/g, '').length;
  return (
    pieces.join('').length >= Math.max(digits, 1) && pieces.every((piece) => ONLY_SAMPLE_WORDS.test(piece))
  );
}

/** True for 123456, abcdef and what is mostly like them. */
function isSequence(text: string): boolean {
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => Math.abs(code - (codes[index] ?? 0)));
  return steps.length > 0 && steps.filter((step) => step <= 1).length / steps.length > MAX_SMALL_STEPS;
}

/** True for a signing key that is a sample or too short. */
export function isWeakSecret(secret: string): boolean {
  return isSampleSecret(secret) || secret.length < SHORTEST_KEY;
}

/** True for names and addresses that are reachable from this machine only. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}
