import type { Translation } from '../catalogue.ts';
import type { en } from './en.ts';

export const zhTw = {
  'task.canceling': '正在取消。',
  'task.waiting': '排隊中。',
  'task.ahead': '排隊中：前面還有 {ahead} 個。',
  'task.running': '執行中。',
  'task.succeeded': '已完成。',
  'task.failed': '失敗。',
  'task.canceled': '已取消。',
  'task.expired': '開始之前已過期。',

  'held.no_worker_known': '等待中：尚未連線任何工作節點。',
  'held.no_worker_capable': '等待符合條件的工作節點。',
  'held.retry_delay': '等待下一次重試。',
  'held.batch_paused': '等待中：批次已暫停。',
  'held.storage_full': '等待中：存放結果的磁碟已滿。',

  'wait.no_workers': '叢集中沒有工作節點。',
  'wait.task_type_full': '此任務類型的執行數量已達上限。',
  'wait.workers': '共 {workers} 個工作節點：{reasons}。',
  'wait.count': '{reason}（{count} 個）',
  'wait.missing': '{reason}：{missing}',
  'wait.could_take': '可以執行，正在排隊',

  'placed.hot': '所需模型已載入，或無需模型',
  'placed.switch': '在那裡載入模型',
  'placed.overdue': '載入模型：插隊次數已達上限',

  'refusal.offline': '沒有回應',
  'refusal.error': '該位址上不是原來的 ComfyUI，或它已停止運作',
  'refusal.maintenance': '維護中',
  'refusal.draining': '已停止接收新任務',
  'refusal.disabled': '已停用',
  'refusal.adopting': '正在找回重新啟動前的任務',
  'refusal.full': '並行數已滿',
  'refusal.suspect': '剛才沒有回應：恢復回應前不傳送任務',
  'refusal.cold': '已載入其他模型且有任務在等，或正忙',
  'refusal.failed_here': '此任務曾在那裡失敗',
  'refusal.backup': '備援群組：主要群組仍有上線的工作節點',
  'refusal.simulated_beside_real': '模擬工作節點，已有真實工作節點',
  'refusal.no_inventory': '尚未取得其節點和模型清單',
  'refusal.not_pinned': '不在任務指定的工作節點之中',
  'refusal.task_type': '不接這種任務類型',
  'refusal.label': '缺少標籤',
  'refusal.class_type': '缺少節點類型',
  'refusal.model': '缺少模型',
  'refusal.choice': '其他工作節點提供它沒有的選項',
  'refusal.vram': 'VRAM 不足',
  'refusal.upload_limit': '不接受這麼大的檔案',

  'parameter.problem': '{parameter}：{problem}',
} satisfies Translation<typeof en>;
