import { ERRORS, type ErrorCode, formatText, isErrorCode, plainText } from '@comfleet/contract';
import { ERROR_TEXTS } from '@comfleet/contract/texts/errors';

const INTRODUCTION = `# Errors

[中文](errors.zh-CN.md)

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

const INTRODUCTION_ZH = `# 错误

[English](errors.md)

<!-- 由 packages/contract/src/errors.ts 和 packages/contract/src/texts/errors 生成；有测试核对。 -->

所有不成功的响应都是下面的正文，响应头中有 \`x-request-id\`：

\`\`\`json
{ "error": { "code": "TASK_NOT_FOUND", "message": "No task of yours has this id.", "details": null }, "request_id": "…" }
\`\`\`

*责任方*：谁可以处理。*重试*：重试是否有用，在哪里重试。表中最后的错误码是执行和任务的结束原因，记录在任务的 \`error\` 中。

需要指明时，\`details\` 包含：\`problems\`（每个字段或参数一项，含 \`path\` 或 \`parameter\`）；\`node_errors\`（按节点 ID，格式与 ComfyUI 相同：\`class_type\`、\`title\`、\`errors\`，其中有 \`message\`、\`details\` 和输入名称）；出错节点的 \`node_id\`、\`class_type\`、\`title\`、\`exception_type\`、\`message\` 和 \`traceback\`；执行次数用尽时的 \`last_error\`；没有满足条件的工作节点时的 \`lacks\`；以及 \`message\`、\`message_text\` 或 \`cause\`。
任务的 \`message_text\` 用一句话说明最主要的原因；\`@comfleet/contract\` 的 \`readFailure\` 可用读者的语言说明保存的错误的全部内容。

| 错误码 | 状态 | 责任方 | 重试 | 含义 |
|---|---|---|---|---|
`;

const WORDS_ZH: Readonly<Record<string, string>> = {
  caller: '调用方',
  worker: '工作节点',
  system: '系统',
  bug: '缺陷',
  never: '无用',
  'same-worker': '同一工作节点',
  'other-worker': '其他工作节点',
  later: '稍后',
};

/** Renders docs/reference/errors.md and errors.zh-CN.md from the registry and its texts. */
export function renderErrorsReference(language: 'en' | 'zh-CN' = 'en'): string {
  const rows = Object.keys(ERRORS)
    .filter(isErrorCode)
    .map((code) => toRow(code, language));
  return `${language === 'en' ? INTRODUCTION : INTRODUCTION_ZH}${rows.join('\n')}\n`;
}

function toRow(code: ErrorCode, language: 'en' | 'zh-CN'): string {
  const { status, blame, retry } = ERRORS[code];
  const say = (word: string) => (language === 'en' ? word : (WORDS_ZH[word] ?? word));
  const meaning = formatText(ERROR_TEXTS, language, plainText(code));
  return `| \`${code}\` | ${status} | ${say(blame)} | ${say(retry)} | ${meaning} |`;
}
