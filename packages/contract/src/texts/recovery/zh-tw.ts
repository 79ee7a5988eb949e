import type { Translation } from '../catalogue.ts';
import type { en } from './en.ts';

export const zhTw = {
  'recovery.begins': '{problem}{step}',
  'recovery.checking': '正在檢查，可能會自行恢復。',
  'recovery.restarting': '由 Comfleet 啟動，正在自動重新啟動。',
  'recovery.advised': '請手動重新啟動 ComfyUI，並檢查防火牆和連接埠。恢復回應後會自動重新啟用。',
  'recovery.down': '仍未恢復：請手動重新啟動 ComfyUI，並檢查防火牆和連接埠。恢復回應後會自動重新啟用。',
  'recovery.accept': '如屬預期更換，請確認：comfleet workers accept NAME；否則請啟動原來的 ComfyUI。',
  'recovery.update': '請更新 ComfyUI。',
  'recovery.check_address': '請檢查該工作節點的主機和連接埠。',
  'recovery.check_login':
    '請提供登入資訊：在 config.yaml 中填寫 auth，或使用 comfleet workers set NAME --user NAME --password-env VARIABLE。',
  'recovery.check_proxy': '請檢查 ComfyUI 是否在執行，以及代理中的位址是否正確。',
  'recovery.by_itself': '問題解決後會自動啟用。',

  'problem.found': '該工作節點無法使用：{found}。',
  'problem.unusable': '該工作節點無法使用；原因見 comfleet workers list。',
  'problem.refused': 'ComfyUI 拒絕了連線。',
  'problem.unreachable': '無法連線至 ComfyUI 所在的機器。',
  'problem.timeout': '無法連線至 ComfyUI：{ms} 毫秒內沒有回應。',
  'problem.bad_status': 'ComfyUI 回應異常：HTTP 狀態 {status}。',
  'problem.invalid_body': '該位址有回應，但不是 ComfyUI。',
  'problem.other_process': '該位址上是另一個 ComfyUI，不是由 Comfleet 啟動的。',
  'problem.other_server': '該位址上的 ComfyUI 與之前的不同（{differences}）。',
  'problem.too_old': 'ComfyUI {version} 的版本低於 {floor}。',
  'problem.stuck': 'ComfyUI 有回應，但沒有執行任何任務；有 {pending} 個任務在等待。',
  'problem.gone': 'ComfyUI 處理程序已結束：{reason}。',
  'problem.failed': '連線 ComfyUI 時發生錯誤：{reason}。',
  'problem.ok': 'ComfyUI 已恢復回應。',

  'check.certificate': {
    by: 'problem',
    cases: {
      self_signed:
        '{host} 的憑證是自簽憑證：如屬你所有，請在 config.yaml 中用 tls.ca_file（或 --ca-file）指定它',
      unknown_issuer:
        '{host} 的憑證由不受信任的機構簽發：請在 config.yaml 中用 tls.ca_file（或 --ca-file）指定該機構的憑證',
      expired: '{host} 的憑證已過期：請更新憑證',
      not_yet_valid: '{host} 的憑證尚未生效：請檢查兩台機器的時鐘',
      wrong_name: '憑證不屬於 {host}，而屬於 {names}：請使用憑證中的名稱',
      no_tls: '{host} 的該連接埠不支援 https：請改用 http:// 或其他連接埠',
      other: '{host} 的憑證不被接受（{code}）',
    },
  },
  'check.login': {
    by: 'login',
    cases: {
      sent: '登入被拒絕（HTTP 狀態 {status}）：請檢查使用者名稱和密碼，或權杖',
      other: '需要登入（HTTP 狀態 {status}）：請提供使用者名稱和密碼，或權杖',
    },
  },
  'check.needs_https': '該連接埠需要 https：請在位址中使用 https://',
  'check.proxy': '代理有回應，但無法連線至 ComfyUI（HTTP 狀態 {status}）',
  'check.redirected': '被轉到 {to}：可能是登入頁面，或位址已變更',
  'check.web_page': '回傳的是網頁而不是 ComfyUI 的資料：可能是登入頁面，或路徑不對',
  'service.no_workers': '沒有已知的工作節點',
  'service.workers_offline': '{total} 個工作節點均不在線上',
  'service.workers_down': {
    by: 'total',
    cases: { one: '唯一的工作節點不在線上。{problems}', other: '{total} 個工作節點均不在線上。{problems}' },
  },
  'service.worker_down': '自 {since} 起：{problem}{step}',

  'worker.same_as': '與 {name} 是同一個 ComfyUI，由後者代為執行任務',

  'problem.broken': '連線中斷',
  'exit.sigkill': '被 SIGKILL 結束：手動結束，或記憶體不足時由系統結束',
  'exit.signal': '被 {signal} 結束',
  'exit.unknown': '已結束，當時不是我們的子處理程序，結束代碼未知',
  'exit.code': '已結束，結束代碼 {code}',
  'exit.hung': '已強制結束：{reason}',
  'exit.by_request': '依要求停止',
  'exit.restarting': '正在重新啟動',
  'exit.not_started': '無法啟動：{reason}',
  'exit.silent': '{seconds} 秒內沒有回應，已結束',
  'exit.port_taken': '連接埠 {port} 被其他程式占用：{reason}',
  'exit.no_process': '沒有處理程序',
  'difference.entry': '啟動指令碼為 {now}，之前為 {before}',
  'difference.flag': '{flag} 為 {now}，之前為 {before}',
  'difference.not_given': '未指定',
} satisfies Translation<typeof en>;
