import type { Translation } from '../catalogue.ts';
import type { en } from './en.ts';

export const zhTw = {
  'recovery.begins': '{problem}{step}',
  'recovery.checking': '正在檢查，它可能會自行恢復。',
  'recovery.restarting': '它由 Comfleet 啟動，正在自動重新啟動。',
  'recovery.advised': '請手動重新啟動 ComfyUI，並檢查防火牆和連接埠。恢復回應後會自動重新啟用。',
  'recovery.down': '仍未恢復：請手動重新啟動 ComfyUI，並檢查防火牆和連接埠。恢復回應後會自動重新啟用。',
  'recovery.accept': '如屬預期更換，請確認：comfleet workers accept NAME；否則請啟動原來的 ComfyUI。',
  'recovery.update': '請更新 ComfyUI。',
  'recovery.check_address': '請檢查該工作節點的主機和連接埠。',

  'problem.refused': 'ComfyUI 拒絕了連線。',
  'problem.unreachable': '無法連線到 ComfyUI 所在的機器。',
  'problem.timeout': '連線 ComfyUI 失敗：{ms} 毫秒內沒有回應。',
  'problem.bad_status': 'ComfyUI 回應異常：HTTP 狀態 {status}。',
  'problem.invalid_body': '該位址有回應，但不是 ComfyUI。',
  'problem.other_process': '該位址上是另一個 ComfyUI，不是由 Comfleet 啟動的。',
  'problem.other_server': '該位址上的 ComfyUI 與之前的不同（{differences}）。',
  'problem.too_old': 'ComfyUI {version} 的版本低於 {floor}。',
  'problem.stuck': 'ComfyUI 有回應，但沒有執行任何任務；有 {pending} 個任務在等待。',
  'problem.gone': 'ComfyUI 處理程序已結束：{reason}。',
  'problem.failed': '連線 ComfyUI 出錯：{reason}。',
  'problem.ok': 'ComfyUI 已恢復回應。',
} satisfies Translation<typeof en>;
