export type UpLanguage = 'en' | 'zh';

export interface UpTexts {
  started(address: string): string;
  addresses(address: string): string;
  portTaken(wanted: number, taken: number): string;
  signIn(link: string): string;
  stopping: string;
  foundWorker(url: string): string;
  addedWorker(url: string): string;
  startingComfyui(folder: string): string;
  comfyuiReady(url: string, version: string): string;
  simulated(count: number): string;
  example(name: string): string;
  progress(percent: string, node: string): string;
  firstPicture(seconds: string, path: string): string;
  exampleFailed(message: string): string;
  noExample: string;
}

/** Terminal lines of the start, by language. */
export const UP_TEXTS: Record<UpLanguage, UpTexts> = {
  en: {
    started: (address) => `Comfleet runs at ${address}`,
    addresses: (address) =>
      [
        `  create page  ${address}/client`,
        `  API pages    ${address}/docs`,
        `  health       ${address}/api/health`,
      ].join('\n'),
    portTaken: (wanted, taken) => `Port ${wanted} is in use; taking ${taken} instead.`,
    signIn: (link) => `Sign in once with this link (10 minutes): ${link}`,
    stopping: 'Stopping.',
    foundWorker: (url) => `Found a ComfyUI at ${url}; using it as a worker.`,
    addedWorker: (url) => `Worker: ${url}`,
    startingComfyui: (folder) => `Starting ComfyUI in ${folder}; this can take minutes.`,
    comfyuiReady: (url, version) => `ComfyUI ${version} is ready at ${url}.`,
    simulated: (count) =>
      `No ComfyUI was found, so ${count} SIMULATED workers stand in: their pictures are drawings with the word "simulated" in them.\n` +
      '  For real ones: npm start -- --worker http://HOST:8188   or   npm start -- --comfyui /path/to/ComfyUI',
    example: (name) => `First start: running the example "${name}".`,
    progress: (percent, node) => `  ${percent}%  ${node}`,
    firstPicture: (seconds, path) => `first picture after ${seconds} s: ${path}`,
    exampleFailed: (message) => `The example did not finish: ${message}`,
    noExample:
      'No shipped workflow fits the models of the workers; open the create page to see what is missing.',
  },
  zh: {
    started: (address) => `Comfleet 已启动：${address}`,
    addresses: (address) =>
      [
        `  创作页面  ${address}/client`,
        `  API 文档  ${address}/docs`,
        `  健康检查  ${address}/api/health`,
      ].join('\n'),
    portTaken: (wanted, taken) => `端口 ${wanted} 已被占用，改用 ${taken}。`,
    signIn: (link) => `一次性登录链接（10 分钟内有效）：${link}`,
    stopping: '正在停止。',
    foundWorker: (url) => `在 ${url} 找到 ComfyUI，作为工作节点使用。`,
    addedWorker: (url) => `工作节点：${url}`,
    startingComfyui: (folder) => `正在启动 ${folder} 中的 ComfyUI，可能需要几分钟。`,
    comfyuiReady: (url, version) => `ComfyUI ${version} 已就绪：${url}`,
    simulated: (count) =>
      `没有找到 ComfyUI，由 ${count} 个模拟工作节点代替：它们的图片只是带有 “simulated” 字样的示意图。\n` +
      '  使用真实节点：npm start -- --worker http://HOST:8188   或   npm start -- --comfyui /path/to/ComfyUI',
    example: (name) => `首次启动：运行示例“${name}”。`,
    progress: (percent, node) => `  ${percent}%  ${node}`,
    firstPicture: (seconds, path) => `first picture after ${seconds} s: ${path}`,
    exampleFailed: (message) => `示例未完成：${message}`,
    noExample: '工作节点上的模型不适合任何自带工作流；请打开创作页面查看缺少什么。',
  },
};
