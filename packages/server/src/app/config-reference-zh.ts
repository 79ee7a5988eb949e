import type { ReferenceWords } from '../platform/config/config-reference.ts';
import { DESCRIPTIONS_ZH } from './settings-zh.ts';

/** The texts of docs/reference/config.zh-CN.md. */
export const CONFIG_REFERENCE_ZH: ReferenceWords = {
  introduce: (startKeys) => `# 配置

[English](config.md)

<!-- 由 packages/server/src/app/settings.ts 和 settings-zh.ts 生成；有测试核对。 -->

配置是一个 YAML 文件，用 \`--config FILE\` 指定，否则为数据目录中的 \`config.yaml\`。没有文件或文件为空时，全部使用下面的默认值。
相对路径以该文件所在目录为起点。遇到未知配置项会报错。运行中修改文件会立即生效，之后才创建的 \`config.yaml\` 也一样；文件无效时继续使用之前的配置。终端和日志会说明哪些已生效，哪些在第几行第几列被拒绝，以及哪些要重启后生效，因为只在启动时读取：${startKeys.map((key) => `\`${key}\``).join('、')}。

每个值也可以来自环境变量，并优先于文件：\`COMFLEET__SECTION__KEY\`，例如 \`COMFLEET__SERVER__PORT=9000\`；列表写法与 YAML 相同：\`[a, b]\`。
还支持：\`COMFLEET_DATA\`（data_dir），\`COMFYUI_HOST\`、\`COMFYUI_PORT\`、\`COMFYUI_TIMEOUT\`（comfyui），以及 \`COMFYUI_REPO_PATH\`、\`COMFYUI_PYTHON\`、\`COMFYUI_PORT_RANGE\`、\`COMFYUI_LISTEN\`、\`COMFYUI_STARTUP_TIMEOUT_SECONDS\`、\`COMFYUI_HEARTBEAT_INTERVAL_SECONDS\`、\`COMFYUI_INSTANCE_BASE_DIR\`、\`COMFYUI_LOG_DIR\`（instances）。其中的相对路径以当前目录为起点。

启动时配置无效，服务器会逐一列出问题及其行列，并以退出码 78 结束。

| 配置项 | 类型 | 默认值 | 含义 |
|---|---|---|---|
`,
  kinds: {
    path: '路径',
    block: '块',
    anything: '任意',
    or: ' 或 ',
    list: (items) => `列表（${items}）`,
    blocks: '块',
    types: { integer: '整数', number: '数字', string: '文本', boolean: 'true 或 false' },
  },
  describe: (description) => {
    const translated = DESCRIPTIONS_ZH[description];
    if (translated === undefined) throw new Error(`settings-zh.ts lacks: ${description}`);
    return translated;
  },
};
