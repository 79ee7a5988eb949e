import { expect, it } from 'vitest';
import type { Catalogue, Message } from './catalogue.ts';
import { CLI_TEXTS } from './cli.ts';
import { DEFINITION_TEXTS } from './definitions.ts';
import { PAGE_TEXTS } from './page.ts';
import { START_TEXTS } from './start.ts';

/** Progress lines that programs parse: identical in every language. */
const DOCUMENTED =
  /^cli\.(accepted|submitted|waiting|node|progress|queue|done|failed|canceled|silent|batch_(connected|item|item_done|item_failed|closed|total))$/;

/** Banned words and their replacements, by script. */
const CHINESE: readonly (readonly [gone: RegExp, instead: string])[] = [
  [/[Ww]orker(?![\w-]|s\b)(?!.*comfleet)/, '工作节点'],
  [/节点类(?!型)/, '节点类型'],
  [/(?<!节点|意|[下上截视生])图(?![片像块标形]|生)/, '节点图，或图片'],
  [/主节点|备用节点|主组(?!）)/, '主用组, 备用组'],
  [/模拟节点/, '模拟工作节点'],
  [/批次生成/, '批量生成'],
  [/批量(?!生成|运行)/, '批次'],
  [/尝试/, '执行'],
  [/下一个就是它/, '排在首位'],
  [/先行|越过/, '插队'],
  [/搁置|暂缓/, '挂起'],
  [/空位/, '空闲并发'],
  [/有能力的/, '满足条件的'],
  [/登记|加入者/, '注册'],
  [/再次报告|报告一次/, '上报'],
  [/禁用/, '停用'],
  [/应答/, '响应'],
  [/凭证/, '凭据'],
  [/[全未]部键|的键(?!值)|此键|未知的键/, '配置项'],
  [/随附/, '自带'],
  [/随机种子|(?<!提示词)引导系数/, '种子，提示词引导系数（CFG）'],
  [/大模型|模型文件(?!夹)/, '底模'],
  [/已超时(?!间)/, '已过期'],
  [/其他主机上的代理/, 'Agent'],
  [/文件夹/, '目录'],
  [/您/, '你'],
  [/！/, '。'],
];
const TAIWANESE: readonly (readonly [gone: RegExp, instead: string])[] = [
  [/節點類別/, '節點類型'],
  [/工作流(?!程)/, '工作流程'],
  [/視頻/, '影片'],
  [/端口/, '連接埠'],
  [/保存/, '儲存'],
  [/在線(?!上)/, '上線'],
  [/發送/, '傳送'],
  [/應答/, '回應'],
  [/連接(?!埠)/, '連線'],
  [/排空/, '停止接收新任務'],
  [/(?<!處理)程序/, '處理程序，程式'],
  [/顯示記憶體/, 'VRAM'],
  [/(?<!API )文件/, '檔案'],
  [/嘗試/, '執行'],
  [/主節點|備用節點/, '主要群組, 備援群組'],
  [/隨附/, '內建'],
  [/隨機種子/, '種子'],
  [/軟件|網絡|默認|服務器|數據|信息(?!安)/, '軟體, 網路, 預設, 伺服器, 資料, 資訊'],
  [/您/, '你'],
];
const RULES = { 'zh-CN': CHINESE, 'zh-TW': TAIWANESE } as const;

function listSentences(message: Message | undefined): string[] {
  if (message === undefined) return [];
  return typeof message === 'string' ? [message] : Object.values(message.cases);
}

function findBanned(catalogue: Catalogue, language: keyof typeof RULES): string[] {
  return Object.entries(catalogue[language] ?? {})
    .filter(([code]) => !DOCUMENTED.test(code))
    .flatMap(([code, message]) =>
      listSentences(message).flatMap((sentence) =>
        RULES[language]
          .filter(([gone]) => gone.test(sentence.replace(/`[^`]*`|\{\w+\}|comfleet [a-z -]+|--[a-z-]+/g, '')))
          .map(([, instead]) => `${code}: ${sentence} (${instead})`),
      ),
    );
}

it.each(['zh-CN', 'zh-TW'] as const)('texts in %s call things by the names of the glossary', (language) => {
  const all = [CLI_TEXTS, DEFINITION_TEXTS, PAGE_TEXTS, START_TEXTS];
  expect([...new Set(all.flatMap((catalogue) => findBanned(catalogue, language)))]).toEqual([]);
});

it('a name that is gone is refused, but for the documented progress lines', () => {
  const catalogue: Catalogue = {
    en: { 'a.b': '', 'cli.batch_closed': '' },
    'zh-CN': { 'a.b': '主节点没有应答' },
    'zh-TW': { 'a.b': '端口', 'cli.batch_closed': '關閉連接' },
  };
  expect(findBanned(catalogue, 'zh-CN')).toEqual([
    'a.b: 主节点没有应答 (主用组, 备用组)',
    'a.b: 主节点没有应答 (响应)',
  ]);
  expect(findBanned(catalogue, 'zh-TW')).toEqual(['a.b: 端口 (連接埠)']);
});
