import { toFleetSentence } from '@comfleet/contract/texts/fleet';
import { describe, expect, it } from 'vitest';
import { describeHealth, type HealthResult } from './health-result.ts';

describe('describeHealth', () => {
  it.each<[HealthResult, string]>([
    [{ kind: 'ok', latencyMs: 4, version: '0.3.64' }, 'answered in 4 ms'],
    [{ kind: 'bad_status', status: 502 }, 'answered with HTTP status 502'],
    [{ kind: 'refused' }, 'the connection was refused: nothing listens on this address'],
    [{ kind: 'unreachable' }, 'the machine could not be reached'],
    [{ kind: 'timeout', afterMs: 10_000 }, 'no answer within 10000 ms'],
    [{ kind: 'invalid_body' }, 'something answers on this address, but it is not ComfyUI'],
    [{ kind: 'other_process' }, 'another ComfyUI than ours answers on this address'],
    [
      {
        kind: 'other_server',
        differences: [{ code: 'difference.flag', params: { flag: '--port', now: '2', before: '1' } }],
      },
      'another ComfyUI than before answers on this address (--port 2, before 1); if that is meant: comfleet workers accept NAME',
    ],
    [
      { kind: 'too_old', version: '0.3.40', floor: '0.3.57' },
      'ComfyUI 0.3.40 is older than 0.3.57, the first with targeted interrupt',
    ],
    [
      { kind: 'too_old', version: 'nightly', floor: '0.3.57' },
      'the version "nightly" of ComfyUI cannot be read; 0.3.57 or newer is needed, the first with targeted interrupt',
    ],
    [
      { kind: 'too_old', version: '9'.repeat(20), floor: '0.3.57' },
      'the version "99999999999999999999" of ComfyUI cannot be read; 0.3.57 or newer is needed, the first with targeted interrupt',
    ],
    ...[null, '', ' '].map((version): [HealthResult, string] => [
      { kind: 'too_old', version, floor: '0.3.57' },
      'ComfyUI does not say its version; 0.3.57 or newer is needed, the first with targeted interrupt',
    ]),
    [
      { kind: 'stuck', pending: 3, silentMs: 31_200 },
      'takes prompts but runs none: 3 wait and nothing moved for 31 s',
    ],
    [{ kind: 'gone', reason: 'ended by SIGTERM' }, 'ended by SIGTERM'],
    [{ kind: 'failed', message: 'certificate has expired' }, 'certificate has expired'],
  ])('HR3 distinguishes %j', (result, sentence) => {
    expect(toFleetSentence(describeHealth(result))).toBe(sentence);
  });
});
