import { describe, expect, it } from 'vitest';
import { buildInstanceArguments } from './instance-arguments.ts';

const plain = {
  entry: 'main.py',
  listen: '127.0.0.1',
  port: 8200,
  markerDirectory: '/data/instances/one',
  baseDirectory: null,
  extraArgs: [],
};

describe('buildInstanceArguments', () => {
  it('PS11 gives address, port, mark, a database of its own and no browser', () => {
    expect(buildInstanceArguments({ ...plain, extraArgs: ['--cpu', '--preview-method', 'auto'] })).toEqual([
      'main.py',
      '--database-url',
      'sqlite:////data/instances/one/comfyui.db',
      '--cpu',
      '--preview-method',
      'auto',
      '--temp-directory',
      '/data/instances/one',
      '--listen',
      '127.0.0.1',
      '--port',
      '8200',
      '--disable-auto-launch',
    ]);
  });

  it('PS11 moves the folders only when asked', () => {
    const args = buildInstanceArguments({ ...plain, baseDirectory: '/data/u1/p1' });
    expect(args.slice(3, 5)).toEqual(['--base-directory', '/data/u1/p1']);
    expect(buildInstanceArguments(plain)).not.toContain('--base-directory');
  });

  it.each([
    '--listen',
    '--listen=0.0.0.0',
    '--lis',
    '--LISTEN',
    '--port',
    '--por=1',
    '--enable-cors-header',
    '--enable-cors',
    '--temp-directory=/etc',
    '--auto-launch',
    '--tls-keyfile',
    '--',
  ])('SE11 refuses %s, which is ours to set', (argument) => {
    expect(() => buildInstanceArguments({ ...plain, extraArgs: ['--cpu', argument] })).toThrowError(
      expect.objectContaining({
        code: 'INSTANCE_CONFIG',
        details: expect.objectContaining({ field: 'extra_args', value: argument }),
      }),
    );
  });

  it.each(['--cpu', '--lowvram', '--preview-method', '--output-directory', '-1', 'auto'])(
    'passes %s on',
    (argument) => {
      expect(buildInstanceArguments({ ...plain, extraArgs: [argument] })[3]).toBe(argument);
    },
  );
});
