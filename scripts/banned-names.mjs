const bannedWords = [
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'misc',
  'types',
  'interfaces',
  'constants',
  'manager',
];
const kebabCase = /^[a-z0-9]+(?:[-.][a-z0-9]+)*$/;
const composable = /^use[A-Z][A-Za-z0-9]*$/;
const bannedInDeclarations =
  /\b(?:class|interface|type)\s+((?:I[A-Z][a-z]\w*)|\w*(?:Manager|Helper|Processor|Impl)\w*|Base[A-Z]\w*|Abstract\w*)\b/g;

/**
 * The problem of a source file's name, or undefined. Names must tell what is inside; these do not.
 * @param {string} path from the repository's root, with slashes
 * @returns {string | undefined}
 */
export function findNameProblem(path) {
  const file = path.slice(path.lastIndexOf('/') + 1);
  const stem = file.replace(/(?:\.test|\.config)?\.[a-z]+$/, '');
  if (bannedWords.includes(stem.toLowerCase())) return `${path}: "${stem}" says nothing about what is inside`;
  if (/\.(?:ts|mjs|js)$/.test(file) && !kebabCase.test(stem) && !composable.test(stem)) {
    return `${path}: file names are kebab-case`;
  }
  return undefined;
}

/**
 * Declarations in a source text with meaningless names, such as TaskManager.
 * @param {string} path
 * @param {string} text
 * @returns {string[]}
 */
export function findDeclarationProblems(path, text) {
  return [...text.matchAll(bannedInDeclarations)].map(
    (match) => `${path}: the name ${match[1]} says nothing`,
  );
}
