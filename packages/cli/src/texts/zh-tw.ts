import type { CliTexts, Medium } from './cli-texts.ts';

const nameOf = (medium: Medium): string => (medium === 'video' ? '視頻' : '圖片');

export const ZH_TW: CliTexts = {
  accepted: (taskId) => `任務已接受: ${taskId}`,
  submitted: (promptId) => `工作流已提交，prompt_id: ${promptId}`,
  waiting: (promptId) => `開始等待工作流 ${promptId} 完成...`,
  node: (node) => `  → 正在處理節點: ${node}`,
  progress: (percent, value, max) => `  → 進度: ${percent}% (${value}/${max})`,
  queue: (tasks) => `  → 佇列中還有 ${tasks} 個任務`,
  done: (id, seconds) => `✓ 工作流 ${id} 執行完成（耗時 ${seconds} 秒）`,
  failed: (id, message) => `✗ 工作流 ${id} 執行失敗：${message}`,
  canceled: (id) => `✗ 工作流 ${id} 已取消`,
  attemptEnded: (number, worker, message) => `  ⚠ 第 ${number} 次嘗試（${worker}）已結束：${message}`,
  silent: (seconds, node) => `⚠ 已 ${seconds} 秒沒有收到訊息，最後節點: ${node ?? '無'}`,
  saved: (path) => `已保存 ${path}`,
  stillRunning: (taskId) =>
    `任務仍在繼續。查看：comfleet tasks watch ${taskId} · 取消：comfleet tasks cancel ${taskId}`,
  batchAccepted: (batchId) => `批次已接受: ${batchId}`,
  batchConnected: (medium) => `已建立連接，開始批次生成${nameOf(medium)}`,
  batchItem: (p, medium) =>
    `[${p.item}/${p.total}] 為描述 ${p.description}/${p.descriptions}，生成第 ${p.copy}/${p.copies} ${medium === 'video' ? '個視頻' : '張圖片'}`,
  batchItemDone: (item, total, seconds) => `✓ [${item}/${total}] 完成（耗時 ${seconds} 秒）`,
  batchItemFailed: (item, total, message) => `✗ [${item}/${total}] 失敗：${message}`,
  batchClosed: (medium) => `所有${nameOf(medium)}生成完成，關閉連接`,
  batchTotal: (medium, seconds) => `✅ 生成${nameOf(medium)}總耗時: ${seconds} 秒`,
  batchSummary: (c) => `成功 ${c.succeeded}，失敗 ${c.failed}，取消 ${c.canceled}`,
  noServer: (url) => `${url} 沒有 Comfleet 應答。啟動：comfleet up`,
  noCredential: (path) =>
    `${path} 中沒有憑證。請在此處啟動 Comfleet（comfleet up），或給出 --url 和 --token。`,
  nothing: () => '沒有內容。',
  workerRemoved: (name) => `${name} 已離開叢集。`,
  workerLeaving: (name, tasks) => `${name} 不再接受新任務，完成其 ${tasks} 個任務後離開。`,
  announced: (name, state, seconds) => `${name} 已加入叢集（${state}）；${seconds} 秒內再次報告`,
  announceFailed: (message) => `⚠ 註冊失敗，將重試：${message}`,
  announcementSent: (place) => `已透過 UDP 向 ${place} 報告；對此沒有應答`,
  verifying: (what) => `正在檢查 ${what} ...`,
};
