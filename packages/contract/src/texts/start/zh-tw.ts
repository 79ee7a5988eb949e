import type { Translation } from '../catalogue.ts';
import type { en } from './en.ts';

export const zhTw = {
  'start.started': 'Comfleet 已啟動：{address}',
  'start.addresses':
    '  創作頁面  {address}/client\n  API 文件  {address}/docs\n  健康檢查  {address}/api/health',
  'start.plain_http':
    '  其他機器  {address}/client\n  這是未加密的 HTTP：在不可信的網路中，請在前面放置啟用 TLS 的代理（docs/guides/network.zh-CN.md）。',
  'start.port_taken': '連接埠 {wanted} 已被占用，改用 {taken}。',
  'start.sign_in': '一次性登入連結（10 分鐘內有效）：{link}',
  'start.sign_in_elsewhere': '  從其他機器登入：{link}',
  'start.first_admin': '管理員使用者：{name}，密碼 {password}\n  僅顯示這一次；變更密碼之前，也儲存在 {file}',
  'start.first_admin_given': '管理員使用者：{name}，密碼為 COMFLEET_ADMIN_PASSWORD 的值',
  'start.sign_in_later': '  以後需要新連結時，請執行：npx comfleet sign-in{data}',
  'start.stopping': '正在停止。',
  'start.storage_full': '! {folder} 所在磁碟已滿。已接受的任務不會遺失；騰出空間前拒絕新任務，之後自動繼續。',
  'start.storage_unwritable': '! {folder} 無法寫入（{reason}）。恢復可寫入前拒絕新任務，之後自動繼續。',
  'start.database_damaged':
    '! 資料庫檔案已損毀：{file}\n  請停止 Comfleet，保留該檔案的複本，用最新的備份取代它；做法見 docs/guides/troubleshooting.zh-CN.md。',
  'start.log_lost': '! 記錄檔無法寫入（{reason}）；部分記錄會遺失，工作繼續進行。',
  'start.storage_well': '儲存已恢復正常。',
  'start.refused': { by: 'count', cases: { other: '! 設定或工作流程中有 {count} 處被拒絕：' } },
  'start.more_refused': '  … 另有 {count} 處',
  'start.correct_files': '  請修改這些檔案，儲存後會重新讀取。此前有效的內容繼續生效。',
  'start.none_refused': '設定和工作流程中不再有被拒絕的內容。',
  'start.config_refused': '! {file} 已修改，但無效；繼續使用之前的設定。',
  'start.config_read': '{file} 已重新讀取。',
  'start.config_in_force': '{file} 已重新讀取。現已生效：{keys}。',
  'start.needs_restart': '! 重新啟動後生效：{keys}。',
  'start.overridden':
    '! 已在執行時變更，因此不以檔案為準：{keys}。comfleet settings reset KEY 可恢復為檔案中的值。',
  'start.said': '{what}',
  'start.warning': '! {path}：{problem}',
  'start.failed': '{code}：{meaning}',
  'start.config_invalid': '設定無效：',
  'start.config_correct': '請修改後重新啟動。全部設定項目見 docs/reference/config.zh-CN.md',
  'start.found_worker': '在 {url} 找到 ComfyUI，作為工作節點使用。',
  'start.added_worker': '工作節點：{url}',
  'start.worker_silent': '! {url} 沒有回應：{answer}。會不斷重試，一旦回應立即使用。',
  'start.last_worker_gone': '! {name} 暫時無法使用，已沒有上線的工作節點。{problem}{step}',
  'start.worker_back': '{name} 已重新上線。',
  'start.already_runs':
    '此資料上已有 Comfleet 在執行：{address}。請使用它，或用 --data DIR 指定另一個資料夾。',
  'start.already_runs_somewhere':
    '此資料上已有另一個 Comfleet 在執行。請先停止它，或用 --data DIR 指定另一個資料夾。',
  'start.comfyui_problem': '無法啟動 ComfyUI：{what}：{problem}',
  'start.comfyui_failed': 'ComfyUI 未能啟動：{reason}',
  'start.name_python':
    '請指定此 ComfyUI 的 Python：COMFYUI_PYTHON=/path/to/python，或 config.yaml 中的 instances.python。',
  'start.without_gpu': 'PyTorch 沒有找到顯示卡。加上 --comfyui-arg --cpu 可讓 ComfyUI 用處理器執行（較慢）。',
  'start.starting_comfyui': '正在啟動 {folder} 中的 ComfyUI，可能需要幾分鐘。',
  'start.comfyui_ready': 'ComfyUI {version} 已就緒：{url}',
  'start.simulated': `未找到 ComfyUI，改用 {count} 個模擬工作節點，只產生帶「simulated」字樣的示意圖。
  使用真實的 ComfyUI：{command} --worker http://HOST:8188   或   {command} --comfyui /path/to/ComfyUI`,
  'start.example': '首次啟動：執行範例「{name}」。',
  'start.progress': '  {percent}%  {node}',
  'start.first_picture': '首張圖片耗時 {seconds} 秒：{path}',
  'start.example_failed': '範例未完成：{message}',
  'start.no_example': '現有模型不符合任何內建工作流程的要求，可在創作頁面查看缺少什麼。',
} satisfies Translation<typeof en>;
