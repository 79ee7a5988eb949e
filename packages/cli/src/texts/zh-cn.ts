import type { RefusalReason } from '@comfleet/contract';
import type { CliTexts, Medium } from './cli-texts.ts';

const nameOf = (medium: Medium): string => (medium === 'video' ? '视频' : '图片');

const REFUSALS: Record<RefusalReason, string> = {
  offline: '没有响应',
  error: '应答的不是它，或者它卡住了',
  maintenance: '维护中',
  draining: '正在排空，不接新任务',
  disabled: '已停用',
  adopting: '正在查找上一个进程的任务',
  full: '已满',
  suspect: '刚才没有响应：恢复应答前不发送任务',
  cold: '加载着其他模型（别的任务在等），或正忙',
  failed_here: '此任务曾在那里失败',
  backup: '备用节点：主节点在线',
  simulated_beside_real: '模拟节点，已有真实节点',
  no_inventory: '尚未查询它有什么',
  not_pinned: '不在任务指定的节点之中',
  task_type: '不接这种任务类型',
  label: '缺少标签',
  class_type: '缺少节点类',
  model: '缺少模型',
  vram: '显存不足',
  upload_limit: '不接受这么大的文件',
};

const GROUNDS: Record<string, string> = {
  hot: '那里已加载所需模型，或不需要模型',
  switch: '在那里加载模型',
  overdue: '在那里加载模型，因为别的任务已多次先行',
};

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
  advice: (advice) => advice['zh-CN'],
  nothing: () => '没有内容。',
  refusal: (reason, missing) => `${REFUSALS[reason]}${missing === '' ? '' : `：${missing}`}`,
  couldTake: () => '可以执行，只等轮到',
  modelsLoaded: () => '已加载',
  overtaken: (times, limit, seconds) =>
    `模型已加载的任务先行了 ${times} 次（最多 ${limit} 次）；已被越过 ${seconds} 秒。`,
  placed: (worker, strategy, ground) => `分配给 ${worker}（${strategy}）：${GROUNDS[ground] ?? ground}。`,
  othersOut: (counts) => `不在候选之列：${counts}。`,
  workerRemoved: (name) => `${name} 已离开集群。`,
  workerLeaving: (name, tasks) => `${name} 不再接受新任务，完成其 ${tasks} 个任务后离开。`,
  announced: (name, state, seconds) => `${name} 已加入集群（${state}）；${seconds} 秒内再次报告`,
  announceFailed: (message) => `⚠ 注册失败，将重试：${message}`,
  announcementSent: (place) => `已通过 UDP 向 ${place} 报告；对此没有应答`,
  verifying: (what) => `正在检查 ${what} ...`,
};
