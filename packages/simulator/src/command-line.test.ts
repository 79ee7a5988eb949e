import { describe, expect, it } from 'vitest';
import { BadCommandLine, parseCommandLine } from './command-line.ts';

describe('parseCommandLine', () => {
  it('reads the flags a supervisor gives to ComfyUI', () => {
    const { options, warnings } = parseCommandLine(
      '--listen 127.0.0.1 --port 8190 --base-directory /tmp/x --disable-auto-launch --cpu --preview-method auto'.split(
        ' ',
      ),
    );
    expect(options).toMatchObject({
      host: '127.0.0.1',
      port: 8190,
      baseDirectory: '/tmp/x',
      previewMethod: 'auto',
    });
    expect(warnings).toEqual([]);
  });

  it('tells its whole command line as argv', () => {
    expect(parseCommandLine(['--port', '1']).options.argv).toEqual(['main.py', '--port', '1']);
  });

  it('listens everywhere when --listen is bare', () => {
    expect(parseCommandLine(['--listen', '--port=2']).options).toMatchObject({ host: '0.0.0.0', port: 2 });
  });

  it('warns of an unknown flag and goes on after its values', () => {
    const { options, warnings } = parseCommandLine(['--frobnicate', 'a', 'b', '--port', '3']);
    expect(warnings).toEqual(['the simulator does not know --frobnicate']);
    expect(options.port).toBe(3);
  });

  it.each([['--port', 'x'], ['--preview-method', 'nope'], ['--ledger']])('refuses %s %s', (...args) => {
    expect(() => parseCommandLine(args)).toThrow(BadCommandLine);
  });
});
