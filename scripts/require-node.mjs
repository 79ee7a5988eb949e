// Imported first by every script: exits with one clear line if this Node cannot run Comfleet.
const parts = process.versions.node.split('.').map(Number);
const major = parts[0] || 0;
const minor = parts[1] || 0;
if (major < 20 || (major === 20 && minor < 19)) {
  const locale = process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '';
  const lines = /^zh[-_](tw|hk|mo)/i.test(locale)
    ? `Comfleet 需要 Node 20.19 或更新版本；目前是 Node ${process.versions.node}。\n請從 https://nodejs.org 安裝最新版本後重試。\n`
    : /^zh/i.test(locale)
      ? `Comfleet 需要 Node 20.19 或更高版本；当前为 Node ${process.versions.node}。\n请从 https://nodejs.org 安装最新版本后重试。\n`
      : `Comfleet needs Node 20.19 or newer; this is Node ${process.versions.node}.\nInstall a current version from https://nodejs.org and try again.\n`;
  process.stderr.write(lines);
  process.exit(1);
}
