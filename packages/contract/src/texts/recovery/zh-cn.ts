import type { Translation } from '../catalogue.ts';
import type { en } from './en.ts';

export const zhCn = {
  'recovery.begins': '{problem}{step}',
  'recovery.checking': '正在检查，可能会自行恢复。',
  'recovery.restarting': '由 Comfleet 启动，正在自动重启。',
  'recovery.advised': '请手动重启 ComfyUI，并检查防火墙和端口。恢复响应后会自动重新启用。',
  'recovery.down': '仍未恢复：请手动重启 ComfyUI，并检查防火墙和端口。恢复响应后会自动重新启用。',
  'recovery.accept': '如属预期更换，请确认：comfleet workers accept NAME；否则请启动原来的 ComfyUI。',
  'recovery.update': '请更新 ComfyUI。',
  'recovery.check_address': '请检查该工作节点的主机和端口。',
  'recovery.check_login':
    '请提供登录信息：在 config.yaml 中填写 auth，或使用 comfleet workers set NAME --user NAME --password-env VARIABLE。',
  'recovery.check_proxy': '请检查 ComfyUI 是否在运行，以及代理中的地址是否正确。',
  'recovery.by_itself': '问题解决后会自动启用。',

  'problem.found': '该工作节点无法使用：{found}。',
  'problem.unusable': '该工作节点无法使用；原因见 comfleet workers list。',
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

  'check.certificate': {
    by: 'problem',
    cases: {
      self_signed:
        '{host} 的证书是自签名证书：如属你所有，请在 config.yaml 中用 tls.ca_file（或 --ca-file）指定它',
      unknown_issuer:
        '{host} 的证书由不受信任的机构签发：请在 config.yaml 中用 tls.ca_file（或 --ca-file）指定该机构的证书',
      expired: '{host} 的证书已过期：请更新证书',
      not_yet_valid: '{host} 的证书尚未生效：请检查两台机器的时钟',
      wrong_name: '证书不属于 {host}，而属于 {names}：请使用证书中的名称',
      no_tls: '{host} 的该端口不支持 https：请改用 http:// 或其他端口',
      other: '{host} 的证书不被接受（{code}）',
    },
  },
  'check.login': {
    by: 'login',
    cases: {
      sent: '登录被拒绝（HTTP 状态 {status}）：请检查用户名和密码，或令牌',
      other: '需要登录（HTTP 状态 {status}）：请提供用户名和密码，或令牌',
    },
  },
  'check.needs_https': '该端口需要 https：请在地址中使用 https://',
  'check.proxy': '代理有响应，但无法连接到 ComfyUI（HTTP 状态 {status}）',
  'check.redirected': '被转到 {to}：可能是登录页面，或地址已变更',
  'check.web_page': '返回的是网页而不是 ComfyUI 的数据：可能是登录页面，或路径不对',
  'service.no_workers': '没有已知的工作节点',
  'service.workers_offline': '{total} 个工作节点均不在线',
  'service.workers_down': {
    by: 'total',
    cases: { one: '唯一的工作节点不在线。{problems}', other: '{total} 个工作节点均不在线。{problems}' },
  },
  'service.worker_down': '自 {since} 起：{problem}{step}',

  'worker.same_as': '与 {name} 是同一个 ComfyUI，由后者代为执行任务',

  'problem.broken': '连接中断',
  'exit.sigkill': '被 SIGKILL 结束：手动结束，或内存不足时由系统结束',
  'exit.signal': '被 {signal} 结束',
  'exit.unknown': '已结束，当时不是我们的子进程，退出码未知',
  'exit.code': '已退出，退出码 {code}',
  'exit.hung': '已强制结束：{reason}',
  'exit.by_request': '按要求停止',
  'exit.restarting': '正在重启',
  'exit.not_started': '无法启动：{reason}',
  'exit.silent': '{seconds} 秒内没有响应，已结束',
  'exit.port_taken': '端口 {port} 被其他程序占用：{reason}',
  'exit.no_process': '没有进程',
  'difference.entry': '启动脚本为 {now}，之前为 {before}',
  'difference.flag': '{flag} 为 {now}，之前为 {before}',
  'difference.not_given': '未指定',
} satisfies Translation<typeof en>;
