import type { Translation } from '../catalogue.ts';
import type { en } from './en.ts';

export const zhCn = {
  'start.started': 'Comfleet 已启动：{address}',
  'start.addresses':
    '  创作页面  {address}/client\n  API 文档  {address}/docs\n  健康检查  {address}/api/health',
  'start.plain_http':
    '  其他机器  {address}/client\n  这是未加密的 HTTP：在不可信的网络中，请在前面放置启用 TLS 的代理（docs/guides/network.zh-CN.md）。',
  'start.port_taken': '端口 {wanted} 已被占用，改用 {taken}。',
  'start.sign_in': '一次性登录链接（10 分钟内有效）：{link}',
  'start.sign_in_elsewhere': '  从其他机器登录：{link}',
  'start.first_admin': '管理员用户：{name}，密码 {password}\n  仅显示这一次；修改密码之前，也保存在 {file}',
  'start.first_admin_given': '管理员用户：{name}，密码为 COMFLEET_ADMIN_PASSWORD 的值',
  'start.sign_in_later': '  以后需要新链接时，请运行：npx comfleet sign-in{data}',
  'start.stopping': '正在停止。',
  'start.storage_full': '! {folder} 所在磁盘已满。已接受的任务不会丢失；腾出空间前拒绝新任务，之后自动继续。',
  'start.storage_unwritable': '! {folder} 无法写入（{reason}）。恢复可写前拒绝新任务，之后自动继续。',
  'start.database_damaged':
    '! 数据库文件已损坏：{file}\n  请停止 Comfleet，保留该文件的副本，用最新的备份替换它；做法见 docs/guides/troubleshooting.zh-CN.md。',
  'start.log_lost': '! 日志无法写入（{reason}）；日志行会丢失，工作继续进行。',
  'start.storage_well': '存储已恢复正常。',
  'start.refused': {
    by: 'count',
    cases: { other: '! 配置或工作流中有 {count} 处被拒绝：' },
  },
  'start.more_refused': '  … 另有 {count} 处',
  'start.correct_files': '  请修改这些文件，保存后会重新读取。此前有效的内容继续生效。',
  'start.none_refused': '配置和工作流中不再有被拒绝的内容。',
  'start.config_refused': '! {file} 已修改，但无效；继续使用之前的配置。',
  'start.config_read': '{file} 已重新读取。',
  'start.config_in_force': '{file} 已重新读取。现已生效：{keys}。',
  'start.needs_restart': '! 重启后生效：{keys}。',
  'start.overridden':
    '! 已在运行时更改，因此不以文件为准：{keys}。comfleet settings reset KEY 可恢复为文件中的值。',
  'start.said': '{what}',
  'start.warning': '! {path}：{problem}',
  'start.failed': '{code}：{meaning}',
  'start.config_invalid': '配置无效：',
  'start.config_correct': '请修改后重新启动。全部配置项见 docs/reference/config.zh-CN.md',
  'start.found_worker': '在 {url} 找到 ComfyUI，作为工作节点使用。',
  'start.added_worker': '工作节点：{url}',
  'start.worker_silent': '! {url} 没有响应：{answer}。会不断重试，一旦响应立即使用。',
  'start.last_worker_gone': '! {name} 暂时不可用，已没有在线的工作节点。{problem}{step}',
  'start.worker_back': '{name} 已重新上线。',
  'start.already_runs': '此数据上已有 Comfleet 在运行：{address}。请使用它，或用 --data DIR 指定另一个目录。',
  'start.already_runs_somewhere':
    '此数据上已有另一个 Comfleet 在运行。请先停止它，或用 --data DIR 指定另一个目录。',
  'start.comfyui_problem': '无法启动 ComfyUI：{what}：{problem}',
  'start.comfyui_failed': 'ComfyUI 未能启动：{reason}',
  'start.name_python':
    '请指定此 ComfyUI 的 Python：COMFYUI_PYTHON=/path/to/python，或 config.yaml 中的 instances.python。',
  'start.without_gpu': 'PyTorch 没有找到显卡。加上 --comfyui-arg --cpu 可让 ComfyUI 用处理器运行（较慢）。',
  'start.starting_comfyui': '正在启动 {folder} 中的 ComfyUI，可能需要几分钟。',
  'start.comfyui_ready': 'ComfyUI {version} 已就绪：{url}',
  'start.simulated': `未找到 ComfyUI，改用 {count} 个模拟工作节点，只生成带“simulated”字样的示意图。
  使用真实的 ComfyUI：{command} --worker http://HOST:8188   或   {command} --comfyui /path/to/ComfyUI`,
  'start.example': '首次启动：运行示例“{name}”。',
  'start.progress': '  {percent}%  {node}',
  'start.first_picture': '首张图片用时 {seconds} 秒：{path}',
  'start.example_failed': '示例未完成：{message}',
  'start.no_example': '现有模型不满足任何自带工作流的要求，可在创作页面查看缺少什么。',
} satisfies Translation<typeof en>;
