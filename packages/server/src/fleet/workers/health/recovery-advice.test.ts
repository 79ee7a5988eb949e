import { formatTexts, LANGUAGES, type Language } from '@comfleet/contract';
import { FLEET_TEXTS } from '@comfleet/contract/texts/fleet';
import { describe, expect, it } from 'vitest';
import type { HealthResult } from './health-result.ts';
import { adviseRecovery } from './recovery-advice.ts';

const PROBLEMS: HealthResult[] = [
  { kind: 'refused' },
  { kind: 'unreachable' },
  { kind: 'timeout', afterMs: 2000 },
  { kind: 'bad_status', status: 502 },
  { kind: 'invalid_body' },
  { kind: 'other_process' },
  {
    kind: 'other_server',
    differences: [{ code: 'difference.flag', params: { flag: '--port', now: '2', before: '1' } }],
  },
  { kind: 'too_old', version: '0.3.40', floor: '0.3.57' },
  { kind: 'stuck', pending: 2, silentMs: 30_000 },
  { kind: 'gone', reason: 'ended by SIGKILL' },
  { kind: 'failed', message: 'certificate has expired' },
];

const adviseIn = (language: Language, about: Parameters<typeof adviseRecovery>[0]) =>
  formatTexts(FLEET_TEXTS, language, adviseRecovery(about));

describe('adviseRecovery', () => {
  it.each([
    [
      'en',
      'The connection to ComfyUI failed: no answer within 2000 ms. Being checked; it may come back by itself.',
    ],
    ['zh-CN', '连接 ComfyUI 失败：2000 毫秒内没有响应。正在检查，可能会自行恢复。'],
    ['zh-TW', '無法連線至 ComfyUI：2000 毫秒內沒有回應。正在檢查，可能會自行恢復。'],
  ] as const)('HR18 reports in %s that the connection failed and is being checked', (language, sentence) => {
    const about = { phase: 'checking', problem: { kind: 'timeout', afterMs: 2000 } } as const;
    expect(adviseIn(language, about)).toBe(sentence);
  });

  it('HR9 advises to restart by hand and to check firewall and port', () => {
    expect(adviseIn('en', { phase: 'down', problem: { kind: 'refused' } })).toBe(
      'The connection to ComfyUI was refused. Still down: please restart ComfyUI by hand; check its firewall and port. It is used again as soon as it answers.',
    );
  });

  it.each(LANGUAGES)('HR18 has another sentence for each problem in %s', (language) => {
    const texts = PROBLEMS.map((problem) => adviseIn(language, { phase: 'advised', problem }));
    expect(new Set(texts).size).toBe(PROBLEMS.length);
  });

  it('does not advise a restart where it would not help', () => {
    const problem: HealthResult = {
      kind: 'other_server',
      differences: [{ code: 'difference.flag', params: { flag: '--port', now: '2', before: '1' } }],
    };
    expect(adviseIn('en', { phase: 'advised', problem })).toBe(
      'Another ComfyUI than before answers on the address (--port 2, before 1). If that is meant, accept it: comfleet workers accept NAME. Otherwise start the former one again.',
    );
  });
});
