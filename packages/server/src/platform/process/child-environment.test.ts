import { describe, expect, it } from 'vitest';
import { pickChildEnvironment } from './child-environment.ts';

describe('pickChildEnvironment', () => {
  it('SE21 passes on what programs, GPUs and proxies need, and none of our settings', () => {
    expect(
      pickChildEnvironment({
        PATH: '/bin',
        LC_ALL: 'C',
        CUDA_VISIBLE_DEVICES: '1',
        https_proxy: 'http://proxy:3128',
        COMFLEET_TOKEN: 'secret',
        DATABASE_PASSWORD: 'secret',
        AWS_SECRET_ACCESS_KEY: 'secret',
        HF_TOKEN: 'secret',
        NODE_OPTIONS: '--inspect',
        HOME: undefined,
      }),
    ).toEqual({ PATH: '/bin', LC_ALL: 'C', CUDA_VISIBLE_DEVICES: '1', https_proxy: 'http://proxy:3128' });
  });
});
