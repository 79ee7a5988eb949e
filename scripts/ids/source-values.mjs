// The possible values of expressions in a test file, from its syntax alone: literals, tables, constants, imports.
import { posix } from 'node:path';
import ts from 'typescript';

/** @typedef {{ get: (path: string) => ts.SourceFile | undefined }} SourceFiles parsed files by their path in the repository */
/** @typedef {{ text: string, node: ts.Node }} Reading a text, and where it is in the source */

/** Deeper than any of our tables; ends cycles of names. */
const MAX_STEPS = 12;

/** @param {ts.Expression} expression @returns {ts.Expression} */
function unwrap(expression) {
  let inner = expression;
  while (
    ts.isParenthesizedExpression(inner) ||
    ts.isAsExpression(inner) ||
    ts.isSatisfiesExpression(inner) ||
    ts.isTypeAssertionExpression(inner)
  ) {
    inner = inner.expression;
  }
  return inner;
}

/** Resolves a relative import to a file. @param {SourceFiles} files @param {string} from @param {string} specifier */
function findImported(files, from, specifier) {
  const path = posix.join(posix.dirname(from), specifier);
  return files.get(path) ?? files.get(path.replace(/\.js$/, '.ts')) ?? files.get(`${path}.ts`);
}

/**
 * Finds the declaration of a name: the nearest around `node`, or the one it is imported from.
 * @param {SourceFiles} files
 * @param {ts.Identifier} node
 * @returns {ts.VariableDeclaration | ts.BindingElement | ts.ParameterDeclaration | undefined}
 */
export function findDeclaration(files, node) {
  for (let scope = node.parent; scope; scope = scope.parent) {
    const found = findInScope(scope, node.text);
    if (found) return found;
  }
  return findImport(files, node);
}

/** The declaration of an imported name in the other file. @param {SourceFiles} files @param {ts.Identifier} node */
function findImport(files, node) {
  const file = node.getSourceFile();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const bindings = statement.importClause?.namedBindings;
    const elements = bindings && ts.isNamedImports(bindings) ? bindings.elements : [];
    const imported = elements.find((element) => element.name.text === node.text);
    const target = imported && findImported(files, file.fileName, statement.moduleSpecifier.text);
    if (imported && target) return findInScope(target, (imported.propertyName ?? imported.name).text);
  }
  return undefined;
}

/** @param {ts.Node} scope @param {string} name */
function findInScope(scope, name) {
  if (ts.isFunctionLike(scope)) return findBinding(scope.parameters, name);
  if (ts.isForOfStatement(scope) && ts.isVariableDeclarationList(scope.initializer)) {
    return findBinding(scope.initializer.declarations, name);
  }
  if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) return undefined;
  for (const statement of scope.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const found = findBinding(statement.declarationList.declarations, name);
    if (found) return found;
  }
  return undefined;
}

/**
 * @param {readonly (ts.VariableDeclaration | ts.ParameterDeclaration | ts.BindingElement)[]} declarations
 * @param {string} name
 * @returns {ts.VariableDeclaration | ts.BindingElement | ts.ParameterDeclaration | undefined}
 */
function findBinding(declarations, name) {
  for (const declaration of declarations) {
    const target = declaration.name;
    if (ts.isIdentifier(target)) {
      if (target.text === name) return declaration;
      continue;
    }
    const elements = [...target.elements].flatMap((element) =>
      ts.isBindingElement(element) ? [element] : [],
    );
    const inner = findBinding(elements, name);
    if (inner) return inner;
  }
  return undefined;
}

/**
 * The elements of a table: an array, a constant that is one, or the result of `map` or `flatMap`.
 * @param {SourceFiles} files
 * @param {ts.Expression} expression
 * @param {number} [steps]
 * @returns {ts.Expression[]}
 */
export function listElements(files, expression, steps = MAX_STEPS) {
  const table = unwrap(expression);
  if (steps === 0) return [];
  if (ts.isArrayLiteralExpression(table)) {
    return table.elements.flatMap((element) =>
      ts.isSpreadElement(element) ? listElements(files, element.expression, steps - 1) : [element],
    );
  }
  if (ts.isIdentifier(table)) {
    const initializer = findDeclaration(files, table)?.initializer;
    return initializer ? listElements(files, initializer, steps - 1) : [];
  }
  return ts.isCallExpression(table) ? listMapped(files, table, steps) : [];
}

/** The elements of the result of `table.map(row => …)` or `flatMap`. @param {SourceFiles} files @param {ts.CallExpression} call @param {number} steps */
function listMapped(files, call, steps) {
  const [callback] = call.arguments;
  const method = ts.isPropertyAccessExpression(call.expression) ? call.expression.name.text : '';
  if (!callback || !ts.isArrowFunction(callback) || !['map', 'flatMap'].includes(method)) return [];
  const returned = listReturned(callback);
  return method === 'map' ? returned : returned.flatMap((one) => listElements(files, one, steps - 1));
}

/** @param {ts.ArrowFunction} callback @returns {ts.Expression[]} */
function listReturned({ body }) {
  if (!ts.isBlock(body)) return [unwrap(body)];
  return body.statements.flatMap((statement) =>
    ts.isReturnStatement(statement) && statement.expression ? [unwrap(statement.expression)] : [],
  );
}

/**
 * A field of a table's row: an index of an array, or a property of an object. A row that is neither is its own index 0.
 * @param {ts.Expression} row
 * @param {string | number} key
 * @returns {ts.Expression | undefined}
 */
export function pickField(row, key) {
  const value = unwrap(row);
  if (ts.isArrayLiteralExpression(value)) return typeof key === 'number' ? value.elements[key] : undefined;
  if (!ts.isObjectLiteralExpression(value)) return key === 0 ? value : undefined;
  for (const property of value.properties) {
    if (!property.name || property.name.getText() !== key) continue;
    if (ts.isPropertyAssignment(property)) return property.initializer;
    if (ts.isShorthandPropertyAssignment(property)) return property.name;
  }
  return undefined;
}

/**
 * Every text that an expression can start with; for a template the part up to its first value, or that value.
 * @param {SourceFiles} files
 * @param {ts.Expression} expression
 * @param {number} [steps]
 * @returns {Reading[]}
 */
export function readTexts(files, expression, steps = MAX_STEPS) {
  const value = unwrap(expression);
  if (steps === 0) return [];
  if (ts.isStringLiteralLike(value)) return [{ text: value.text, node: value }];
  if (ts.isTemplateExpression(value)) {
    const [first] = value.templateSpans;
    const rest = value.templateSpans.map((span) => `…${span.literal.text}`).join('');
    if (value.head.text !== '' || !first) return [{ text: value.head.text + rest, node: value }];
    return readTexts(files, first.expression, steps - 1).map(({ text, node }) => ({
      text: text + rest.slice(1),
      node,
    }));
  }
  if (ts.isConditionalExpression(value)) {
    return [value.whenTrue, value.whenFalse].flatMap((branch) => readTexts(files, branch, steps - 1));
  }
  if (!ts.isIdentifier(value)) return [];
  return listMeanings(files, value, steps).flatMap((meaning) => readTexts(files, meaning, steps - 1));
}

/** The possible values of a name. @param {SourceFiles} files @param {ts.Identifier} name @param {number} steps */
function listMeanings(files, name, steps) {
  const declaration = findDeclaration(files, name);
  if (!declaration) return [];
  if (declaration.initializer && !ts.isBindingElement(declaration)) return [declaration.initializer];
  const rows = listElements(files, findTable(declaration) ?? ts.factory.createNull(), steps - 1);
  if (!ts.isBindingElement(declaration)) return rows;
  const { parent: pattern, propertyName } = declaration;
  const key = ts.isArrayBindingPattern(pattern)
    ? pattern.elements.indexOf(declaration)
    : (propertyName ?? declaration.name).getText();
  return rows.flatMap((row) => pickField(row, key) ?? []);
}

/** The table over whose rows a loop variable or the first parameter of a callback iterates. @param {ts.Node} declaration */
function findTable(declaration) {
  let holder = declaration;
  while (ts.isBindingElement(holder)) holder = holder.parent.parent;
  const owner = ts.isParameter(holder) ? holder.parent : holder.parent?.parent;
  if (owner && ts.isForOfStatement(owner)) return owner.expression;
  if (!owner || !ts.isArrowFunction(owner) || owner.parameters[0] !== holder) return undefined;
  const call = owner.parent;
  const isMapped = ts.isCallExpression(call) && ts.isPropertyAccessExpression(call.expression);
  return isMapped ? call.expression.expression : undefined;
}
