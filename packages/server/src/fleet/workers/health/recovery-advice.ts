import type { Advice } from '@comfleet/contract';
import type { HealthResult } from './health-result.ts';
import type { Recovery } from './recovery.ts';

/** What is wrong and what to do, for people, in every language we have (HR18). */
export function adviseRecovery({ phase, problem }: Pick<Recovery, 'phase' | 'problem'>): Advice {
  const what = describeProblem(problem);
  const then = ANSWERED[problem.kind] ?? STEPS[phase];
  return {
    en: `${what.en} ${then.en}`,
    'zh-CN': `${what['zh-CN']}${then['zh-CN']}`,
    'zh-TW': `${what['zh-TW']}${then['zh-TW']}`,
  };
}

const STEPS: Record<Recovery['phase'], Advice> = {
  checking: {
    en: 'Being checked; it may come back by itself.',
    'zh-CN': '正在检查，它可能会自行恢复。',
    'zh-TW': '正在檢查，它可能會自行恢復。',
  },
  restarting: {
    en: 'It was started by Comfleet and is being restarted.',
    'zh-CN': '它由 Comfleet 启动，正在自动重启。',
    'zh-TW': '它由 Comfleet 啟動，正在自動重啟。',
  },
  advised: {
    en: 'Please restart ComfyUI by hand; check its firewall and port. It is used again as soon as it answers.',
    'zh-CN': '请手动重启 ComfyUI，并检查防火墙和端口。恢复应答后会自动重新使用。',
    'zh-TW': '請手動重啟 ComfyUI，並檢查防火牆和端口。恢復應答後會自動重新使用。',
  },
  down: {
    en: 'Still down: please restart ComfyUI by hand; check its firewall and port. It is used again as soon as it answers.',
    'zh-CN': '仍未恢复：请手动重启 ComfyUI，并检查防火墙和端口。恢复应答后会自动重新使用。',
    'zh-TW': '仍未恢復：請手動重啟 ComfyUI，並檢查防火牆和端口。恢復應答後會自動重新使用。',
  },
};

/** Where a restart is not what helps. */
const ANSWERED: Partial<Record<HealthResult['kind'], Advice>> = {
  other_server: {
    en: 'If that is meant, accept it: comfleet workers accept NAME. Otherwise start the former one again.',
    'zh-CN': '如果这是有意的，请接受它：comfleet workers accept NAME；否则请重新启动原来的服务器。',
    'zh-TW': '如果這是有意的，請接受它：comfleet workers accept NAME；否則請重新啟動原來的伺服器。',
  },
  too_old: {
    en: 'Please update ComfyUI.',
    'zh-CN': '请更新 ComfyUI。',
    'zh-TW': '請更新 ComfyUI。',
  },
  invalid_body: {
    en: 'Please check host and port of the worker.',
    'zh-CN': '请检查该工作节点的主机和端口。',
    'zh-TW': '請檢查該工作節點的主機和端口。',
  },
};

function describeProblem(problem: HealthResult): Advice {
  switch (problem.kind) {
    case 'refused':
      return toAdvice('The connection to ComfyUI was refused.', [
        '连接 ComfyUI 被拒绝。',
        '連接 ComfyUI 被拒絕。',
      ]);
    case 'timeout':
      return toAdvice(`The connection to ComfyUI failed: no answer within ${problem.afterMs} ms.`, [
        `连接 ComfyUI 失败：${problem.afterMs} 毫秒内没有应答。`,
        `連接 ComfyUI 失敗：${problem.afterMs} 毫秒內沒有應答。`,
      ]);
    case 'bad_status':
      return toAdvice(`ComfyUI gave a bad answer: HTTP status ${problem.status}.`, [
        `ComfyUI 应答异常：HTTP 状态 ${problem.status}。`,
        `ComfyUI 應答異常：HTTP 狀態 ${problem.status}。`,
      ]);
    case 'invalid_body':
      return toAdvice('Something answers on the address, but it is not ComfyUI.', [
        '该地址有应答，但不是 ComfyUI。',
        '該地址有應答，但不是 ComfyUI。',
      ]);
    case 'other_process':
      return toAdvice('Another ComfyUI than ours answers on the address.', [
        '该地址上应答的是另一个 ComfyUI，不是我们启动的。',
        '該地址上應答的是另一個 ComfyUI，不是我們啟動的。',
      ]);
    case 'other_server': {
      const list = problem.differences.join(', ');
      return toAdvice(`Another ComfyUI than before answers on the address (${list}).`, [
        `该地址上应答的 ComfyUI 与之前的不同（${list}）。`,
        `該地址上應答的 ComfyUI 與之前的不同（${list}）。`,
      ]);
    }
    case 'too_old':
      return toAdvice(`ComfyUI ${problem.version ?? '?'} is older than ${problem.floor}.`, [
        `ComfyUI ${problem.version ?? '?'} 的版本低于 ${problem.floor}。`,
        `ComfyUI ${problem.version ?? '?'} 的版本低於 ${problem.floor}。`,
      ]);
    case 'stuck':
      return toAdvice(`ComfyUI answers but runs nothing; ${problem.pending} prompts wait.`, [
        `ComfyUI 有应答，但没有执行任何任务；有 ${problem.pending} 个任务在等待。`,
        `ComfyUI 有應答，但沒有執行任何任務；有 ${problem.pending} 個任務在等待。`,
      ]);
    case 'gone':
      return toAdvice(`ComfyUI ended: ${problem.reason}.`, [
        `ComfyUI 已结束：${problem.reason}。`,
        `ComfyUI 已結束：${problem.reason}。`,
      ]);
    case 'failed':
      return toAdvice(`The connection to ComfyUI failed: ${problem.message}.`, [
        `连接 ComfyUI 出错：${problem.message}。`,
        `連接 ComfyUI 出錯：${problem.message}。`,
      ]);
    case 'ok':
      return toAdvice('ComfyUI answers again.', ['ComfyUI 已恢复应答。', 'ComfyUI 已恢復應答。']);
  }
}

function toAdvice(en: string, [simplified, traditional]: [string, string]): Advice {
  return { en, 'zh-CN': simplified, 'zh-TW': traditional };
}
