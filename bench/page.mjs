import { cpus } from 'node:os';

/** @param {readonly string[]} head @param {readonly (readonly (string | number)[])[]} rows */
export function formatTable(head, rows) {
  const line = (/** @type {readonly (string | number)[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** What was to be reached and whether it was. @typedef {{ what: string, reach: string, measured: string, isReached: boolean }} Target */

/** @param {readonly Target[]} targets */
export function formatTargets(targets) {
  return formatTable(
    ['what', 'reach', 'measured', ''],
    targets.map(({ what, reach, measured, isReached }) => [
      what,
      reach,
      measured,
      isReached ? 'reached' : '**not reached**',
    ]),
  );
}

/** Processor, cores, Node and system, for the head of a page or a section. */
export function describeMachine() {
  const [cpu] = cpus();
  return `${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.versions.node}, ${process.platform}`;
}

const SECTION = /<!-- section (\S+) -->[\s\S]*?<!-- end of \1 -->/g;

/** The page with a section of this name instead of the one it had, or at its end. @param {string} page @param {string} name @param {string} text */
export function replaceSection(page, name, text) {
  const section = `<!-- section ${name} -->\n\n${text.trim()}\n\n<!-- end of ${name} -->`;
  const known = [...page.matchAll(SECTION)].find(([, own]) => own === name);
  return known ? page.replace(known[0], () => section) : `${page.trimEnd()}\n\n${section}\n`;
}

/** A new page with the sections of the old one at its end. @param {string} page @param {string} old */
export function keepSections(page, old) {
  const sections = [...old.matchAll(SECTION)].map(([section]) => section);
  return [page.trimEnd(), ...sections].join('\n\n').concat('\n');
}
