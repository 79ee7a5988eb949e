import type { Translation } from '../catalogue.ts';
import type { en } from './en.ts';

export const zhTw = {
  'cli.accepted': '任務已接受: {task}',
  'cli.submitted': '工作流已提交，prompt_id: {prompt}',
  'cli.waiting': '開始等待工作流 {prompt} 完成...',
  'cli.node': '  → 正在處理節點: {node}',
  'cli.progress': '  → 進度: {percent}% ({value}/{max})',
  'cli.queue': '  → 佇列中還有 {tasks} 個任務',
  'cli.done': '✓ 工作流 {id} 執行完成（耗時 {seconds} 秒）',
  'cli.failed': '✗ 工作流 {id} 執行失敗：{message}',
  'cli.canceled': '✗ 工作流 {id} 已取消',
  'cli.attempt_ended': '  ⚠ 第 {number} 次嘗試（{worker}）已結束：{message}',
  'cli.silent': '⚠ 已 {seconds} 秒沒有收到訊息，最後節點: {node}',
  'cli.no_node': '無',
  'cli.saved': '已保存 {path}',
  'cli.still_running':
    '任務仍在繼續。\n  查看：comfleet tasks watch {task}\n  取消：comfleet tasks cancel {task}',
  'cli.batch_goes_on': '指令已結束，批次仍在繼續：{batch}',
  'cli.batch_go_on':
    '  查看：comfleet batches watch {batch}{out}\n  暫停：comfleet batches pause {batch}\n  取消：comfleet batches cancel {batch}',
  'cli.batch_accepted': '批次已接受: {batch}',
  'cli.batch_connected': {
    by: 'medium',
    cases: { video: '已建立連接，開始批次生成視頻', other: '已建立連接，開始批次生成圖片' },
  },
  'cli.batch_item': {
    by: 'medium',
    cases: {
      video: '[{item}/{total}] 為描述 {description}/{descriptions}，生成第 {copy}/{copies} 個視頻',
      other: '[{item}/{total}] 為描述 {description}/{descriptions}，生成第 {copy}/{copies} 張圖片',
    },
  },
  'cli.batch_item_done': '✓ [{item}/{total}] 完成（耗時 {seconds} 秒）',
  'cli.batch_item_failed': '✗ [{item}/{total}] 失敗：{message}',
  'cli.batch_closed': {
    by: 'medium',
    cases: { video: '所有視頻生成完成，關閉連接', other: '所有圖片生成完成，關閉連接' },
  },
  'cli.batch_total': {
    by: 'medium',
    cases: { video: '✅ 生成視頻總耗時: {seconds} 秒', other: '✅ 生成圖片總耗時: {seconds} 秒' },
  },
  'cli.batch_summary': '成功 {succeeded}，失敗 {failed}，取消 {canceled}',
  'cli.no_server': '{url} 沒有 Comfleet 應答。啟動：comfleet up（在儲存庫複本中：npm start）',
  'cli.no_credential':
    '{path} 中沒有憑證。請在此處啟動 Comfleet（comfleet up 或 npm start），或給出 --url 和 --token。',
  'cli.sign_in': '一次性登入連結（10 分鐘內有效）：{link}',
  'cli.sign_in_elsewhere': '  從其他機器登入：{link}',
  'cli.refused': { by: 'count', cases: { other: '✗ 設定或工作流程中有 {count} 處被拒絕：' } },
  'cli.correct_files': '  請修改這些檔案；儲存後伺服器會重新讀取。',
  'cli.unknown_name': {
    by: 'what',
    cases: {
      batch: '沒有批次「{name}」。',
      client: '沒有用戶端「{name}」。',
      worker: '沒有工作節點「{name}」。',
      other: '沒有工作流程「{name}」。',
    },
  },
  'cli.did_you_mean': '是否要寫「{name}」？',
  'cli.trouble': '{name}，自 {since} 起：{what}',
  'cli.away': '{worker}（無法使用）',
  'cli.nothing': '沒有內容。',
  'cli.models_loaded': '就緒',
  'cli.overtaken': '模型已載入的任務先行了 {times} 次（最多 {limit} 次）；已被越過 {seconds} 秒。',
  'cli.placed': '分配給 {worker}（{strategy}）：{ground}。',
  'cli.others_out': '不在候選之列：{counts}。',
  'cli.traceback': '節點的回溯資訊：comfleet tasks show TASK --traceback',
  'cli.worker_removed': '{name} 已離開叢集。',
  'cli.worker_leaving': '{name} 不再接受新任務，完成其 {tasks} 個任務後離開。',
  'cli.announced': '{name} 已加入叢集（{state}）；{seconds} 秒內再次報告',
  'cli.announce_failed': '⚠ 註冊失敗，將重試：{message}',
  'cli.announcement_sent': '已透過 UDP 向 {place} 報告；對此沒有應答',
  'cli.verifying': '正在檢查 {what} ...',
} satisfies Translation<typeof en>;
