import type { CliTexts, Medium } from './cli-texts.ts';

const nameOf = (medium: Medium): string => (medium === 'video' ? '视频' : '图片');

export const ZH_CN: CliTexts = {
  accepted: (taskId) => `任务已接受: ${taskId}`,
  submitted: (promptId) => `工作流已提交，prompt_id: ${promptId}`,
  waiting: (promptId) => `开始等待工作流 ${promptId} 完成...`,
  node: (node) => `  → 正在处理节点: ${node}`,
  progress: (percent, value, max) => `  → 进度: ${percent}% (${value}/${max})`,
  queue: (tasks) => `  → 队列中还有 ${tasks} 个任务`,
  done: (id, seconds) => `✓ 工作流 ${id} 执行完成（耗时 ${seconds} 秒）`,
  failed: (id, message) => `✗ 工作流 ${id} 执行失败：${message}`,
  canceled: (id) => `✗ 工作流 ${id} 已取消`,
  attemptEnded: (number, worker, message) => `  ⚠ 第 ${number} 次尝试（${worker}）已结束：${message}`,
  silent: (seconds, node) => `⚠ 已 ${seconds} 秒没有收到消息，最后节点: ${node ?? '无'}`,
  saved: (path) => `已保存 ${path}`,
  stillRunning: (taskId) =>
    `任务仍在继续。查看：comfleet tasks watch ${taskId} · 取消：comfleet tasks cancel ${taskId}`,
  batchAccepted: (batchId) => `批次已接受: ${batchId}`,
  batchConnected: (medium) => `已建立连接，开始批次生成${nameOf(medium)}`,
  batchItem: (p, medium) =>
    `[${p.item}/${p.total}] 为描述 ${p.description}/${p.descriptions}，生成第 ${p.copy}/${p.copies} ${medium === 'video' ? '个视频' : '张图片'}`,
  batchItemDone: (item, total, seconds) => `✓ [${item}/${total}] 完成（耗时 ${seconds} 秒）`,
  batchItemFailed: (item, total, message) => `✗ [${item}/${total}] 失败：${message}`,
  batchClosed: (medium) => `所有${nameOf(medium)}生成完成，关闭连接`,
  batchTotal: (medium, seconds) => `✅ 生成${nameOf(medium)}总耗时: ${seconds} 秒`,
  batchSummary: (c) => `成功 ${c.succeeded}，失败 ${c.failed}，取消 ${c.canceled}`,
  noServer: (url) => `${url} 没有 Comfleet 应答。启动：comfleet up`,
  noCredential: (path) =>
    `${path} 中没有凭证。请在此处启动 Comfleet（comfleet up），或给出 --url 和 --token。`,
  nothing: () => '没有内容。',
  workerRemoved: (name) => `${name} 已离开集群。`,
  workerLeaving: (name, tasks) => `${name} 不再接受新任务，完成其 ${tasks} 个任务后离开。`,
  announced: (name, state, seconds) => `${name} 已加入集群（${state}）；${seconds} 秒内再次报告`,
  announceFailed: (message) => `⚠ 注册失败，将重试：${message}`,
  announcementSent: (place) => `已通过 UDP 向 ${place} 报告；对此没有应答`,
  verifying: (what) => `正在检查 ${what} ...`,
};
