/** Languages of the progress lines; zh-TW keeps the wording of v1. */
export type SessionLanguage = 'en' | 'zh-CN' | 'zh-TW';

/** The lines that a session prints (PR1, PR2, BG14). */
export interface SessionTexts {
  connected(): string;
  closing(): string;
  submitted(promptId: string): string;
  waiting(promptId: string): string;
  node(nodeId: string): string;
  progress(percent: string, value: number, max: number): string;
  queue(remaining: number): string;
  done(promptId: string, seconds: string): string;
  failed(promptId: string, message: string): string;
  silent(seconds: number, nodeId: string | null): string;
  polling(): string;
  unclear(promptId: string): string;
}

const EN: SessionTexts = {
  connected: () => 'WebSocket connected, starting the batch',
  closing: () => 'All done, closing the WebSocket connection',
  submitted: (promptId) => `Workflow submitted, prompt_id: ${promptId}`,
  waiting: (promptId) => `Waiting for workflow ${promptId} to finish...`,
  node: (nodeId) => `  → Processing node: ${nodeId}`,
  progress: (percent, value, max) => `  → Progress: ${percent}% (${value}/${max})`,
  queue: (remaining) => `  → ${remaining} tasks left in the queue`,
  done: (promptId, seconds) => `✓ Workflow ${promptId} finished (${seconds} s)`,
  failed: (promptId, message) => `✗ Workflow ${promptId} failed: ${message}`,
  silent: (seconds, nodeId) => `⚠ No message for ${seconds} s, last node: ${nodeId ?? 'none'}`,
  polling: () => '⚠ No WebSocket connection, following the workflow by polling',
  unclear: (promptId) =>
    `⚠ The answer to the submission was lost and the server cannot be reached, looking for workflow ${promptId}`,
};

const ZH_CN: SessionTexts = {
  connected: () => '已建立 WebSocket 连接，开始批量生成',
  closing: () => '全部生成完成，关闭 WebSocket 连接',
  submitted: (promptId) => `工作流已提交，prompt_id: ${promptId}`,
  waiting: (promptId) => `开始等待工作流 ${promptId} 完成...`,
  node: (nodeId) => `  → 正在处理节点: ${nodeId}`,
  progress: (percent, value, max) => `  → 进度: ${percent}% (${value}/${max})`,
  queue: (remaining) => `  → 队列中还有 ${remaining} 个任务`,
  done: (promptId, seconds) => `✓ 工作流 ${promptId} 执行完成（耗时 ${seconds} 秒）`,
  failed: (promptId, message) => `✗ 工作流 ${promptId} 执行失败：${message}`,
  silent: (seconds, nodeId) => `⚠ 已 ${seconds} 秒没有收到消息，最后节点: ${nodeId ?? '无'}`,
  polling: () => '⚠ 没有 WebSocket 连接，改用轮询跟踪工作流',
  unclear: (promptId) => `⚠ 未收到提交的响应，且无法连接服务器，正在查找工作流 ${promptId}`,
};

const ZH_TW: SessionTexts = {
  connected: () => '已建立 WebSocket 連接，開始批次生成圖片',
  closing: () => '所有圖片生成完成，關閉 WebSocket 連接',
  submitted: (promptId) => `工作流已提交，prompt_id: ${promptId}`,
  waiting: (promptId) => `開始等待工作流 ${promptId} 完成...`,
  node: (nodeId) => `  → 正在處理節點: ${nodeId}`,
  progress: (percent, value, max) => `  → 進度: ${percent}% (${value}/${max})`,
  queue: (remaining) => `  → 佇列中還有 ${remaining} 個任務`,
  done: (promptId, seconds) => `✓ 工作流 ${promptId} 執行完成（耗時 ${seconds} 秒）`,
  failed: (promptId, message) => `✗ 工作流 ${promptId} 執行失敗：${message}`,
  silent: (seconds, nodeId) => `⚠ 已 ${seconds} 秒沒有收到訊息，最後節點: ${nodeId ?? '無'}`,
  polling: () => '⚠ 沒有 WebSocket 連接，改用輪詢追蹤工作流',
  unclear: (promptId) => `⚠ 未收到提交的回應，且無法連接伺服器，正在尋找工作流 ${promptId}`,
};

const TEXTS: Record<SessionLanguage, SessionTexts> = { en: EN, 'zh-CN': ZH_CN, 'zh-TW': ZH_TW };

/** The progress lines of a language. */
export function chooseTexts(language: SessionLanguage): SessionTexts {
  return TEXTS[language];
}
