import { ERRORS, type ErrorSpec } from '@comfleet/contract';

const INTRODUCTION = `# Errors

<!-- Generated from packages/contract/src/errors.ts; a test compares. -->

Every answer that is not a success has this body, and \`x-request-id\` as a header:

\`\`\`json
{ "error": { "code": "TASK_NOT_FOUND", "message": "No task of yours has this id.", "details": null }, "request_id": "…" }
\`\`\`

*blame*: who can do something about it. *again*: whether trying again can help, and where. The last codes are endings of
tasks and attempts: they stand in a task's \`error\`.

What \`details\` hold, where there is something to name: \`problems\` (one per field or parameter, with \`path\` or \`parameter\`);
\`node_errors\` (by node id, in ComfyUI's shape: \`class_type\`, \`title\`, \`errors\` with \`message\`, \`details\` and the input's name);
\`node_id\`, \`class_type\`, \`title\`, \`exception_type\`, \`message\` and \`traceback\` of a node that raised; \`last_error\` where attempts are
used up; \`lacks\` where no worker fits; \`message\`, \`message_text\` or \`cause\` in the words of whoever knew. The text of a task, \`message_text\`, says
the most of it in one sentence; \`readFailure\` of \`@comfleet/contract\` tells all of it, in the reader's language, from an error as it
is stored.

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
