// Finds the titles of tests in their sources: test, it and describe with every modifier, their tables, and our own
// functions that pass a title on.
import ts from 'typescript';
import { findDeclaration, listElements, pickField, readTexts } from './source-values.mjs';

/** @typedef {import('./source-values.mjs').SourceFiles} SourceFiles */
/** @typedef {{ path: string, line: number, text: string }} Title `line` from 1; parts known only at run time are `…` */
/** @typedef {ReadonlyMap<string, number>} Wrappers our own functions by name: index of the argument that is a title */

const RUNNERS = new Set(['test', 'it', 'describe', 'suite']);

/**
 * @param {ReadonlyMap<string, string>} sources texts by their path in the repository
 * @returns {Title[]} in the order of the files and lines
 */
export function findTitles(sources) {
  const files = parseOnDemand(sources);
  const testFiles = [...sources.keys()].flatMap((path) => {
    const declaresTests = /\.test\.\w+$/.test(path) || sources.get(path)?.includes("'vitest'");
    return (declaresTests && files.get(path)) || [];
  });
  const wrappers = findWrappers(files, testFiles);
  return testFiles.flatMap((file) => {
    /** @type {Title[]} */
    const titles = [];
    forEachCall(file, (call) => {
      for (const { text, node } of readTitle(files, wrappers, call)) {
        const at = node.getSourceFile();
        const { line } = at.getLineAndCharacterOfPosition(node.getStart());
        titles.push({ path: at.fileName, line: line + 1, text });
      }
    });
    return titles;
  });
}

/** Most files contain no test and are never parsed. @param {ReadonlyMap<string, string>} sources @returns {SourceFiles} */
function parseOnDemand(sources) {
  /** @type {Map<string, ts.SourceFile>} */
  const parsed = new Map();
  return {
    get(path) {
      const text = sources.get(path);
      const file = parsed.get(path);
      if (file || text === undefined) return file;
      const fresh = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
      parsed.set(path, fresh);
      return fresh;
    },
  };
}

/** @param {ts.Node} node @param {(call: ts.CallExpression) => void} visit */
function forEachCall(node, visit) {
  if (ts.isCallExpression(node)) visit(node);
  ts.forEachChild(node, (child) => forEachCall(child, visit));
}

/** `test.skipIf(…).each(table)` → its first name and the table of its last `each` or `for`. @param {ts.Expression} callee */
function readCallee(callee) {
  let at = callee;
  /** @type {ts.Expression | undefined} */
  let table;
  while (!ts.isIdentifier(at)) {
    if (ts.isPropertyAccessExpression(at)) at = at.expression;
    else if (ts.isCallExpression(at)) {
      const { expression } = at;
      const isTable =
        ts.isPropertyAccessExpression(expression) && ['each', 'for'].includes(expression.name.text);
      if (isTable) table ??= at.arguments[0];
      at = expression;
    } else return undefined;
  }
  return { name: at.text, table };
}

/** True if a file imports from Vitest; names like `describe` may also be our own. @param {ts.SourceFile} file */
function usesVitest(file) {
  return file.statements.some(
    (statement) =>
      ts.isImportDeclaration(statement) &&
      ts.isStringLiteral(statement.moduleSpecifier) &&
      statement.moduleSpecifier.text === 'vitest',
  );
}

/** The argument of a call that is a title. @param {Wrappers} wrappers @param {ts.CallExpression} call */
function findTitleArgument(wrappers, call) {
  const callee = readCallee(call.expression);
  if (!callee) return undefined;
  const isRunner = RUNNERS.has(callee.name) && usesVitest(call.getSourceFile());
  const position = isRunner ? 0 : ts.isIdentifier(call.expression) ? wrappers.get(callee.name) : undefined;
  const title = position === undefined ? undefined : call.arguments[position];
  if (!title || (isRunner && isModifier(call))) return undefined;
  return { title, table: callee.table };
}

/** `test.each(table)` and `test.skipIf(condition)` return a function: their own argument is not a title. @param {ts.CallExpression} call */
function isModifier(call) {
  return ts.isCallExpression(call.parent) && call.parent.expression === call;
}

/**
 * @param {SourceFiles} files @param {Wrappers} wrappers @param {ts.CallExpression} call
 * @returns {import('./source-values.mjs').Reading[]}
 */
function readTitle(files, wrappers, call) {
  const found = findTitleArgument(wrappers, call);
  if (!found) return [];
  return readTexts(files, found.title).flatMap((reading) => {
    const head = /^(?:%[a-z]|\$(?<key>\w+))/.exec(reading.text);
    if (!head || !found.table) return [reading];
    const rest = reading.text.slice(head[0].length);
    const rows = listElements(files, found.table);
    return rows.flatMap((row) => {
      const cell = pickField(row, head.groups?.key ?? 0);
      const texts = cell ? readTexts(files, cell) : [];
      return texts.map(({ text, node }) => ({ text: text + rest, node }));
    });
  });
}

/**
 * Functions that declare tests under a given title, like `describeOnDatabases(title, …)`.
 * @param {SourceFiles} files
 * @param {readonly ts.SourceFile[]} testFiles
 * @returns {Wrappers}
 */
function findWrappers(files, testFiles) {
  /** @type {Map<string, number>} */
  const wrappers = new Map();
  for (const file of testFiles) {
    forEachCall(file, (call) => {
      const parameter = findTitleParameter(files, findTitleArgument(wrappers, call)?.title);
      if (!parameter) return;
      const owner = parameter.parent;
      const wrapper = ts.isVariableDeclaration(owner.parent) ? owner.parent.name : owner.name;
      if (wrapper && ts.isIdentifier(wrapper))
        wrappers.set(wrapper.text, owner.parameters.indexOf(parameter));
    });
  }
  return wrappers;
}

/** The parameter that a title is or starts with. @param {SourceFiles} files @param {ts.Expression | undefined} title */
function findTitleParameter(files, title) {
  const isTemplate = title && ts.isTemplateExpression(title) && title.head.text === '';
  const name = isTemplate ? title.templateSpans[0]?.expression : title;
  const declaration = name && ts.isIdentifier(name) ? findDeclaration(files, name) : undefined;
  return declaration && ts.isParameter(declaration) ? declaration : undefined;
}
