/**
 * Texts of `npm start` before anything is built, when there is no catalogue yet.
 * @typedef {typeof EN} StartTexts
 */

const EN = {
  installing: 'Installing packages …',
  notInstalled: 'The packages could not be installed; the lines above say why.',
  building: (/** @type {string} */ part) => `Building the ${part} …`,
  notBuilt: 'The build failed; the lines above say why.',
  notStarted: (/** @type {string} */ reason) => `The server could not be started: ${reason}`,
};

const PARTS_CN = /** @type {Record<string, string>} */ ({ packages: '软件包', page: '页面' });

/** @type {StartTexts} */
const ZH_CN = {
  installing: '正在安装依赖包…',
  notInstalled: '依赖包安装失败，原因见上方输出。',
  building: (part) => `正在构建${PARTS_CN[part] ?? part}…`,
  notBuilt: '构建失败，原因见上方输出。',
  notStarted: (reason) => `服务器无法启动：“${reason}”`,
};

const PARTS_TW = /** @type {Record<string, string>} */ ({ packages: '套件', page: '頁面' });

/** @type {StartTexts} */
const ZH_TW = {
  installing: '正在安裝相依套件…',
  notInstalled: '相依套件安裝失敗，原因見上方輸出。',
  building: (part) => `正在建置${PARTS_TW[part] ?? part}…`,
  notBuilt: '建置失敗，原因見上方輸出。',
  notStarted: (reason) => `伺服器無法啟動：「${reason}」`,
};

/**
 * The texts in the language of `--lang`, else of LC_ALL, LC_MESSAGES or LANG, as for the command itself.
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {StartTexts}
 */
export function chooseStartTexts(args, env) {
  const at = args.indexOf('--lang');
  const requested =
    at < 0 ? args.find((arg) => arg.startsWith('--lang='))?.slice('--lang='.length) : args[at + 1];
  const name = [requested, env.LC_ALL, env.LC_MESSAGES, env.LANG].find((value) => value) ?? 'en';
  if (/^zh[-_](tw|hk|mo|hant)\b/i.test(name.replace(/\..*$/, ''))) return ZH_TW;
  return /^zh\b/i.test(name.replaceAll('_', '-')) ? ZH_CN : EN;
}
