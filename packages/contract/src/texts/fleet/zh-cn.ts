import type { Translation } from '../catalogue.ts';
import type { en } from './en.ts';

export const zhCn = {
  'recovery.begins': '{problem}{step}',
  'recovery.checking': '正在检查，它可能会自行恢复。',
  'recovery.restarting': '它由 Comfleet 启动，正在自动重启。',
  'recovery.advised': '请手动重启 ComfyUI，并检查防火墙和端口。恢复响应后会自动重新启用。',
  'recovery.down': '仍未恢复：请手动重启 ComfyUI，并检查防火墙和端口。恢复响应后会自动重新启用。',
  'recovery.accept': '如属预期更换，请确认：comfleet workers accept NAME；否则请启动原来的 ComfyUI。',
  'recovery.update': '请更新 ComfyUI。',
  'recovery.check_address': '请检查该工作节点的主机和端口。',

  'problem.refused': 'ComfyUI 拒绝了连接。',
  'problem.unreachable': '无法连接到 ComfyUI 所在的机器。',
  'problem.timeout': '连接 ComfyUI 失败：{ms} 毫秒内没有响应。',
  'problem.bad_status': 'ComfyUI 响应异常：HTTP 状态 {status}。',
  'problem.invalid_body': '该地址有响应，但不是 ComfyUI。',
  'problem.other_process': '该地址上是另一个 ComfyUI，不是由 Comfleet 启动的。',
  'problem.other_server': '该地址上的 ComfyUI 与之前的不同（{differences}）。',
  'problem.too_old': 'ComfyUI {version} 的版本低于 {floor}。',
  'problem.stuck': 'ComfyUI 有响应，但没有执行任何任务；有 {pending} 个任务在等待。',
  'problem.gone': 'ComfyUI 进程已退出：{reason}。',
  'problem.failed': '连接 ComfyUI 出错：{reason}。',
  'problem.ok': 'ComfyUI 已恢复响应。',
} satisfies Translation<typeof en>;
