import { describe, expect, it } from 'vitest';
import { hideSecrets } from './hide-secrets.ts';

describe('hideSecrets', () => {
  it('CL16 hides values by their names, at any depth', () => {
    const bundle = {
      task: { extra_data: { api_key_comfy_org: 'comfyui-123', auth_token: 'abc' } },
      list: [{ client_secret: 'x' }, { password: 'y', name: 'z' }],
    };

    expect(hideSecrets(bundle)).toEqual({
      task: { extra_data: { api_key_comfy_org: '(hidden)', auth_token: '(hidden)' } },
      list: [{ client_secret: '(hidden)' }, { password: '(hidden)', name: 'z' }],
    });
  });

  it.each([
    ['Authorization: Bearer abcdefgh1234', 'Authorization: Bearer (hidden)'],
    ['token cft_0123456789abcdef refused', 'token (hidden) refused'],
    ['loading https://me:secret@example.org/model', 'loading https://me:(hidden)@example.org/model'],
    [
      '/api/fleet/assets/1/content?expires=9&signature=a1b2',
      '/api/fleet/assets/1/content?expires=9&signature=(hidden)',
    ],
    ['start with --api-key=s3cr3t-value --port 1', 'start with --api-key=(hidden) --port 1'],
    ['main.py --comfy-api-key abc123 --cpu', 'main.py --comfy-api-key (hidden) --cpu'],
    ['a password protected door', 'a password protected door'],
    ['{"hf_token": "hf_abcdef"}', '{"hf_token": "(hidden)"}'],
  ])('CL16 hides secrets and nothing else in %j', (text, hidden) => {
    expect(hideSecrets({ lines: [text] })).toEqual({ lines: [hidden] });
  });

  it('leaves everything else as it is', () => {
    const bundle = {
      error: { code: 'OUT_OF_MEMORY', details: { node_id: '3', tokens: 77 } },
      at: null,
      n: 1.5,
    };

    expect(hideSecrets(bundle)).toEqual(bundle);
  });
});
