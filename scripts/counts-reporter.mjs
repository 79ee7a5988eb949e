import { writeFileSync } from 'node:fs';

/** Lines of an error that are repeated at the end of the output. */
const MAX_ERROR_LINES = 6;

/**
 * The result of a test run. `failures` has each failed test with the start of its error, files that did not load, and errors
 * outside of tests.
 * @typedef {{ passed: number, failed: number, skipped: number, failures: string[],
 *   skips: { title: string, reason: string }[] }} Counts
 */

/** @typedef {import('vitest/node').TestModule} TestModule @typedef {import('vitest/node').TestCase} TestCase */

/** @param {unknown} error */
function toLine(error) {
  return toMessage(error).split('\n')[0] ?? '';
}

/** @param {unknown} error */
function toMessage(error) {
  return error && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);
}

/** The start of an error's message, indented below the name of its test. @param {unknown} error */
function toExcerpt(error) {
  const lines = toMessage(error).split('\n').slice(0, MAX_ERROR_LINES);
  return lines.map((line) => `\n    ${line}`).join('');
}

/** Why a test was skipped: from the test, its options, or those of a suite around it. @param {TestCase} test */
function findSkipReason(test) {
  const result = test.result();
  if (result.state === 'skipped' && result.note) return result.note;
  if (test.options.mode === 'todo') return 'not written yet';
  /** @type {{ meta?: () => object, parent?: unknown } | undefined} */
  let task = test;
  while (task) {
    const meta = /** @type {{ skipReason?: string }} */ (task.meta?.() ?? {});
    if (meta.skipReason) return meta.skipReason;
    task = /** @type {typeof task} */ (task.parent);
  }
  return 'no reason given';
}

/**
 * Counts tests by result. A file that failed to load, a suite whose hook failed, an error outside of tests and a test that
 * never ended count as one failure each: a run passes only without any of these.
 * @param {readonly TestModule[]} modules
 * @param {readonly unknown[]} unhandledErrors
 * @returns {Counts}
 */
export function countResults(modules, unhandledErrors) {
  /** @type {Counts} */
  const counts = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] };
  for (const module of modules) {
    let failedInModule = 0;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') counts.passed += 1;
      else if (state === 'skipped') {
        counts.skipped += 1;
        counts.skips.push({
          title: `${module.relativeModuleId} > ${test.fullName}`,
          reason: findSkipReason(test),
        });
      } else {
        failedInModule += 1;
        const { errors } = test.result();
        const cause = state === 'pending' ? ': did not end' : (errors ?? []).map(toExcerpt).join('');
        counts.failures.push(`${module.relativeModuleId} > ${test.fullName}${cause}`);
      }
    }
    const errors = [...module.errors()];
    for (const suite of module.children.allSuites()) errors.push(...suite.errors());
    for (const error of errors) counts.failures.push(`${module.relativeModuleId}: ${toLine(error)}`);
    failedInModule += errors.length;
    if (failedInModule === 0 && module.state() === 'failed') {
      failedInModule = 1;
      counts.failures.push(`${module.relativeModuleId}: failed`);
    }
    counts.failed += failedInModule;
  }
  for (const error of unhandledErrors) counts.failures.push(`outside of tests: ${toLine(error)}`);
  counts.failed += unhandledErrors.length;
  return counts;
}

/** The last line of `npm test`. @param {Pick<Counts, 'passed' | 'failed' | 'skipped'>} counts */
export function toCountsLine(counts) {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}

/** A vitest reporter that writes the counts as JSON to the file named by COMFLEET_TEST_COUNTS. */
export default class CountsReporter {
  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const path = process.env.COMFLEET_TEST_COUNTS;
    if (path) writeFileSync(path, JSON.stringify(countResults(modules, unhandledErrors)));
  }
}
