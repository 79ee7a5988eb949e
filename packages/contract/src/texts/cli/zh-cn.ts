import type { Translation } from '../catalogue.ts';
import type { en } from './en.ts';

export const zhCn = {
  'cli.accepted': '任务已接受: {task}',
  'cli.submitted': '工作流已提交，prompt_id: {prompt}',
  'cli.waiting': '开始等待工作流 {prompt} 完成...',
  'cli.node': '  → 正在处理节点: {node}',
  'cli.progress': '  → 进度: {percent}% ({value}/{max})',
  'cli.queue': '  → 队列中还有 {tasks} 个任务',
  'cli.done': '✓ 工作流 {id} 执行完成（耗时 {seconds} 秒）',
  'cli.failed': '✗ 工作流 {id} 执行失败：{message}',
  'cli.canceled': '✗ 工作流 {id} 已取消',
  'cli.attempt_ended': '  ⚠ 第 {number} 次尝试（{worker}）已结束：{message}',
  'cli.silent': '⚠ 已 {seconds} 秒没有收到消息，最后节点: {node}',
  'cli.no_node': '无',
  'cli.saved': '已保存 {path}',
  'cli.still_running':
    '任务仍在继续。\n  查看：comfleet tasks watch {task}\n  取消：comfleet tasks cancel {task}',
  'cli.batch_goes_on': '命令已退出，批次仍在继续：{batch}',
  'cli.batch_go_on':
    '  查看：comfleet batches watch {batch}{out}\n  暂停：comfleet batches pause {batch}\n  取消：comfleet batches cancel {batch}',
  'cli.batch_accepted': '批次已接受: {batch}',
  'cli.batch_connected': {
    by: 'medium',
    cases: { video: '已建立连接，开始批次生成视频', other: '已建立连接，开始批次生成图片' },
  },
  'cli.batch_item': {
    by: 'medium',
    cases: {
      video: '[{item}/{total}] 为描述 {description}/{descriptions}，生成第 {copy}/{copies} 个视频',
      other: '[{item}/{total}] 为描述 {description}/{descriptions}，生成第 {copy}/{copies} 张图片',
    },
  },
  'cli.batch_item_done': '✓ [{item}/{total}] 完成（耗时 {seconds} 秒）',
  'cli.batch_item_failed': '✗ [{item}/{total}] 失败：{message}',
  'cli.batch_closed': {
    by: 'medium',
    cases: { video: '所有视频生成完成，关闭连接', other: '所有图片生成完成，关闭连接' },
  },
  'cli.batch_total': {
    by: 'medium',
    cases: { video: '✅ 生成视频总耗时: {seconds} 秒', other: '✅ 生成图片总耗时: {seconds} 秒' },
  },
  'cli.batch_summary': '成功 {succeeded}，失败 {failed}，取消 {canceled}',
  'cli.no_server': '{url} 没有 Comfleet 应答。启动：comfleet up（在仓库副本中：npm start）',
  'cli.no_credential':
    '{path} 中没有凭证。请在此处启动 Comfleet（comfleet up 或 npm start），或给出 --url 和 --token。',
  'cli.sign_in': '一次性登录链接（10 分钟内有效）：{link}',
  'cli.sign_in_elsewhere': '  从其他机器登录：{link}',
  'cli.refused': { by: 'count', cases: { other: '✗ 配置或工作流中有 {count} 处被拒绝：' } },
  'cli.correct_files': '  请修改这些文件；保存后服务器会重新读取。',
  'cli.unknown_name': {
    by: 'what',
    cases: {
      batch: '没有批量“{name}”。',
      client: '没有客户端“{name}”。',
      worker: '没有工作节点“{name}”。',
      other: '没有工作流“{name}”。',
    },
  },
  'cli.did_you_mean': '是否要写“{name}”？',
  'cli.trouble': '{name}，自 {since} 起：{what}',
  'cli.away': '{worker}（不可用）',
  'cli.nothing': '没有内容。',
  'cli.models_loaded': '就绪',
  'cli.overtaken': '模型已加载的任务先行了 {times} 次（最多 {limit} 次）；已被越过 {seconds} 秒。',
  'cli.placed': '分配给 {worker}（{strategy}）：{ground}。',
  'cli.others_out': '不在候选之列：{counts}。',
  'cli.traceback': '节点的回溯信息：comfleet tasks show TASK --traceback',
  'cli.worker_removed': '{name} 已离开集群。',
  'cli.worker_leaving': '{name} 不再接受新任务，完成其 {tasks} 个任务后离开。',
  'cli.announced': '{name} 已加入集群（{state}）；{seconds} 秒内再次报告',
  'cli.announce_failed': '⚠ 注册失败，将重试：{message}',
  'cli.announcement_sent': '已通过 UDP 向 {place} 报告；对此没有应答',
  'cli.verifying': '正在检查 {what} ...',
} satisfies Translation<typeof en>;
