import type { Translation } from '../catalogue.ts';
import type { en } from './en.ts';

export const zhCn = {
  'task.canceling': '正在取消。',
  'task.waiting': '排队中。',
  'task.ahead': '排队中：前面还有 {ahead} 个。',
  'task.running': '运行中。',
  'task.succeeded': '已完成。',
  'task.failed': '失败。',
  'task.canceled': '已取消。',
  'task.expired': '开始之前已过期。',

  'held.no_worker_known': '等待中：尚未连接任何工作节点。',
  'held.no_worker_capable': '等待满足条件的工作节点。',
  'held.retry_delay': '等待下一次重试。',
  'held.batch_paused': '等待中：批次已暂停。',
  'held.storage_full': '等待中：存放结果的磁盘已满。',

  'wait.no_workers': '集群中没有工作节点。',
  'wait.task_type_full': '此任务类型的运行数量已达上限。',
  'wait.workers': '共 {workers} 个工作节点：{reasons}。',
  'wait.count': '{reason}（{count} 个）',
  'wait.missing': '{reason}：{missing}',
  'wait.could_take': '可以执行，正在排队',

  'placed.hot': '所需模型已加载，或无需模型',
  'placed.switch': '在那里加载模型',
  'placed.overdue': '加载模型：插队次数已达上限',

  'refusal.offline': '没有响应',
  'refusal.error': '该地址上不是原来的 ComfyUI，或它已卡死',
  'refusal.maintenance': '维护中',
  'refusal.draining': '正在排空，不接新任务',
  'refusal.disabled': '已停用',
  'refusal.adopting': '正在找回重启前的任务',
  'refusal.full': '并发已满',
  'refusal.suspect': '刚才没有响应：恢复响应前不发送任务',
  'refusal.cold': '已加载其他模型且有任务在等，或正忙',
  'refusal.failed_here': '此任务曾在那里失败',
  'refusal.backup': '备用组：主用组仍有在线的工作节点',
  'refusal.simulated_beside_real': '模拟工作节点，已有真实工作节点',
  'refusal.no_inventory': '尚未获取其节点和模型列表',
  'refusal.not_pinned': '不在任务指定的工作节点之中',
  'refusal.task_type': '不接这种任务类型',
  'refusal.label': '缺少标签',
  'refusal.class_type': '缺少节点类型',
  'refusal.model': '缺少模型',
  'refusal.choice': '其他工作节点提供它没有的选项',
  'refusal.vram': '显存不足',
  'refusal.upload_limit': '不接受这么大的文件',

  'parameter.problem': '{parameter}：{problem}',
} satisfies Translation<typeof en>;
