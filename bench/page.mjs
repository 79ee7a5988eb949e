import { cpus } from 'node:os';

/** @param {readonly string[]} head @param {readonly (readonly (string | number)[])[]} rows */
export function formatTable(head, rows) {
  const line = (/** @type {readonly (string | number)[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** A target and whether it was met. @typedef {{ what: string, target: string, measured: string, isMet: boolean }} Target */

/** @param {readonly Target[]} targets */
export function formatTargets(targets) {
  return formatTable(
    ['what', 'target', 'measured', ''],
    targets.map(({ what, target, measured, isMet }) => [
      what,
      target,
      measured,
      isMet ? 'met' : '**not met**',
    ]),
  );
}

/** Processor, cores, Node and operating system, for the head of a page or section. */
export function describeMachine() {
  const [cpu] = cpus();
  return `${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.versions.node}, ${process.platform}`;
}

const SECTION = /<!-- section (\S+) -->[\s\S]*?<!-- end of \1 -->/g;

/** Replaces the section with this name, or appends it. @param {string} page @param {string} name @param {string} text */
export function replaceSection(page, name, text) {
  const section = `<!-- section ${name} -->\n\n${text.trim()}\n\n<!-- end of ${name} -->`;
  const known = [...page.matchAll(SECTION)].find(([, own]) => own === name);
  return known ? page.replace(known[0], () => section) : `${page.trimEnd()}\n\n${section}\n`;
}

/** Appends the sections of the old page to the new one. @param {string} page @param {string} old */
export function keepSections(page, old) {
  const sections = [...old.matchAll(SECTION)].map(([section]) => section);
  return [page.trimEnd(), ...sections].join('\n\n').concat('\n');
}
