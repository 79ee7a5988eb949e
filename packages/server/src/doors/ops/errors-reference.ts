import { ERRORS, type ErrorSpec } from '@comfleet/contract';

const INTRODUCTION = `# Errors

<!-- Generated from packages/contract/src/errors.ts; a test compares. -->

Every answer that is not a success has this body, and \`x-request-id\` as a header:

\`\`\`json
{ "error": { "code": "TASK_NOT_FOUND", "message": "No task of yours has this id.", "details": null }, "request_id": "…" }
\`\`\`

*blame*: who can do something about it. *again*: whether trying again can help, and where. The last codes are endings of
tasks and attempts: they stand in a task's \`error\`.

| code | status | blame | again | meaning |
|---|---|---|---|---|
`;

/** docs/reference/errors.md, from the registry. */
export function renderErrorsReference(): string {
  const rows = Object.entries(ERRORS).map(([code, spec]) => toRow(code, spec));
  return `${INTRODUCTION}${rows.join('\n')}\n`;
}

function toRow(code: string, { status, blame, retry, meaning }: ErrorSpec): string {
  return `| \`${code}\` | ${status} | ${blame} | ${retry} | ${meaning} |`;
}
