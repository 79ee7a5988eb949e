import type { RefusalReason } from '@comfleet/contract';
import type { CliTexts, Medium } from './cli-texts.ts';

const nameOf = (medium: Medium): string => (medium === 'video' ? '視頻' : '圖片');

const REFUSALS: Record<RefusalReason, string> = {
  offline: '沒有回應',
  error: '回應的不是它，或者它卡住了',
  maintenance: '維護中',
  draining: '正在排空，不接新任務',
  disabled: '已停用',
  adopting: '正在查找上一個程序的任務',
  full: '已滿',
  suspect: '剛才沒有回應：恢復回應前不發送任務',
  cold: '載入著其他模型（別的任務在等），或正忙',
  failed_here: '此任務曾在那裡失敗',
  backup: '備用節點：主節點在線',
  simulated_beside_real: '模擬節點，已有真實節點',
  no_inventory: '尚未查詢它有什麼',
  not_pinned: '不在任務指定的節點之中',
  task_type: '不接這種任務類型',
  label: '缺少標籤',
  class_type: '缺少節點類別',
  model: '缺少模型',
  vram: '顯示記憶體不足',
  upload_limit: '不接受這麼大的檔案',
};

const GROUNDS: Record<string, string> = {
  hot: '那裡已載入所需模型，或不需要模型',
  switch: '在那裡載入模型',
  overdue: '在那裡載入模型，因為別的任務已多次先行',
};

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
  advice: (advice) => advice['zh-TW'],
  nothing: () => '沒有內容。',
  refusal: (reason, missing) => `${REFUSALS[reason]}${missing === '' ? '' : `：${missing}`}`,
  couldTake: () => '可以執行，只等輪到',
  modelsLoaded: () => '已載入',
  overtaken: (times, limit, seconds) =>
    `模型已載入的任務先行了 ${times} 次（最多 ${limit} 次）；已被越過 ${seconds} 秒。`,
  placed: (worker, strategy, ground) => `分配給 ${worker}（${strategy}）：${GROUNDS[ground] ?? ground}。`,
  othersOut: (counts) => `不在候選之列：${counts}。`,
  workerRemoved: (name) => `${name} 已離開叢集。`,
  workerLeaving: (name, tasks) => `${name} 不再接受新任務，完成其 ${tasks} 個任務後離開。`,
  announced: (name, state, seconds) => `${name} 已加入叢集（${state}）；${seconds} 秒內再次報告`,
  announceFailed: (message) => `⚠ 註冊失敗，將重試：${message}`,
  announcementSent: (place) => `已透過 UDP 向 ${place} 報告；對此沒有應答`,
  verifying: (what) => `正在檢查 ${what} ...`,
};
