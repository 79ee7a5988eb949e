/** @typedef {typeof EN} Texts */

const EN = {
  title: 'Comfleet examples',
  cases: {
    characters: 'Single-character images: four of one description, on one connection',
    descriptions: 'Several descriptions, several images each',
    video: 'A picture that moves',
    graph: 'Your own graph with changes, straight to one ComfyUI  [GRAPH.json [NODE.input=value ...]]',
    invert: 'Upload a picture and invert it  [PICTURE]',
    prompts: 'Prompts from a file  [FILE]',
    control: 'Follow a task, cancel it, run it once more',
  },
  all: 'Run all of them',
  quit: 'Quit',
  choose: 'Which one? ',
  unknown: (/** @type {string} */ line) => `There is no "${line}" here.`,
  heading: (/** @type {number} */ number, /** @type {string} */ title) => `== ${number}. ${title}`,
  noServer: 'No Comfleet runs here. Start one in another terminal, then come back:\n\n  npm start\n',
  noComfyui: (/** @type {string} */ url) =>
    `No ComfyUI answers at ${url} and no Comfleet runs here. Start one in another terminal:\n\n  npm start\n`,
  notBuilt:
    'The packages are not built yet. Build and start everything in another terminal:\n\n  npm start\n',
  connected: 'Connected, starting the batch of images',
  closed: 'All images are done, closing the connection',
  item: (
    /** @type {{ item: number, total: number, description: number, descriptions: number, copy: number, copies: number }} */ p,
  ) => `[${p.item}/${p.total}] description ${p.description}/${p.descriptions}, image ${p.copy}/${p.copies}`,
  itemDone: (/** @type {number} */ item, /** @type {number} */ total, /** @type {string} */ seconds) =>
    `✓ [${item}/${total}] finished (${seconds} s)`,
  itemFailed: (/** @type {number} */ item, /** @type {number} */ total, /** @type {string} */ cause) =>
    `✗ [${item}/${total}] failed: ${cause}`,
  total: (/** @type {string} */ seconds) => `✅ Total time: ${seconds} s`,
  submitted: (/** @type {string} */ id) => `Workflow submitted, prompt_id: ${id}`,
  progress: (/** @type {string} */ percent, /** @type {string} */ node) =>
    `  → Progress: ${percent}%  ${node}`,
  done: (/** @type {string} */ seconds) => `✓ Workflow finished (${seconds} s)`,
  saved: (/** @type {string} */ path) => `Saved ${path}`,
  noModel: 'No worker has a checkpoint, so these are pictures of one colour each.',
  noVideoModel: 'No worker has a video model, so the picture and its negative take turns.',
  direct: (/** @type {string} */ url) => `ComfyUI at ${url}`,
  upgrades: (/** @type {number} */ count, /** @type {number} */ workflows) =>
    `${count} connection for ${workflows} workflows`,
  canceling: 'Far enough: canceling it ...',
  endedAs: (/** @type {string} */ status) => `It ended as: ${status}`,
  again: 'Once more, with the same values:',
  failed: (/** @type {string} */ cause) => `✗ ${cause}`,
  summary: (/** @type {number} */ good, /** @type {number} */ bad) =>
    `${good} of ${good + bad} examples ran well`,
};

const STATES = /** @type {Record<string, string>} */ ({
  succeeded: '已完成',
  failed: '失败',
  canceled: '已取消',
  expired: '已过期',
});

/** @type {Texts} */
const ZH = {
  title: 'Comfleet 示例',
  cases: {
    characters: '单角色图片生成：一个描述四张图片，同一个连接',
    descriptions: '多个描述，每个描述多张图片',
    video: '图生视频',
    graph: '修改自己的工作流并直接发给一台 ComfyUI  [GRAPH.json [NODE.input=value ...]]',
    invert: '上传图片并反色  [PICTURE]',
    prompts: '从文件读取提示词  [FILE]',
    control: '跟踪任务、取消、再次运行',
  },
  all: '全部运行',
  quit: '退出',
  choose: '选择哪一个？',
  unknown: (answer) => `没有“${answer}”这一项。`,
  heading: (number, title) => `== ${number}. ${title}`,
  noServer: '这里没有运行 Comfleet。请在另一个终端启动后重试：\n\n  npm start\n',
  noComfyui: (url) =>
    `${url} 上没有 ComfyUI 响应，这里也没有运行 Comfleet。请在另一个终端启动：\n\n  npm start\n`,
  notBuilt: '软件包尚未构建。请在另一个终端构建并启动：\n\n  npm start\n',
  connected: '已建立连接，开始批量生成图片',
  closed: '所有图片生成完成，关闭连接',
  item: (p) =>
    `[${p.item}/${p.total}] 为描述 ${p.description}/${p.descriptions}，生成第 ${p.copy}/${p.copies} 张图片`,
  itemDone: (item, total, seconds) => `✓ [${item}/${total}] 完成（耗时 ${seconds} 秒）`,
  itemFailed: (item, total, cause) => `✗ [${item}/${total}] 失败：${cause}`,
  total: (seconds) => `✅ 总耗时: ${seconds} 秒`,
  submitted: (id) => `工作流已提交，prompt_id: ${id}`,
  progress: (percent, node) => `  → 进度: ${percent}%  ${node}`,
  done: (seconds) => `✓ 工作流执行完成（耗时 ${seconds} 秒）`,
  saved: (path) => `已保存 ${path}`,
  noModel: '没有可用的底模（Checkpoint），因此每张都是纯色图片。',
  noVideoModel: '没有可用的视频模型，因此交替显示原图与反色图。',
  direct: (url) => `ComfyUI 位于 ${url}`,
  upgrades: (count, workflows) => `${workflows} 个工作流共用 ${count} 个连接`,
  canceling: '已演示完毕，正在取消…',
  endedAs: (status) => `结束状态：${STATES[status] ?? status}`,
  again: '用相同参数再次运行：',
  failed: (cause) => `✗ “${cause}”`,
  summary: (good, bad) => `${good + bad} 个示例中 ${good} 个运行成功`,
};

/**
 * The lines in the language that LC_ALL, LC_MESSAGES or LANG names; English unless it is Chinese.
 * @param {NodeJS.ProcessEnv} environment
 */
export function chooseTexts(environment) {
  const { LC_ALL, LC_MESSAGES, LANG } = environment;
  const name = [LC_ALL, LC_MESSAGES, LANG].find((value) => value) ?? 'en';
  return name.toLowerCase().startsWith('zh') ? ZH : EN;
}
