import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FakeClock } from '@comfleet/test-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CollectedOutput } from '../completion/collected-output.ts';
import { ComfyError } from '../http/comfy-error.ts';
import { ComfyHttp } from '../http/comfy-http.ts';
import type { HttpTransport } from '../http/http-transport.ts';
import { saveOutputs } from './save-outputs.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfyui-save-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const output = (filename: string, type: 'output' | 'temp' = 'output'): CollectedOutput => ({
  nodeId: '9',
  key: 'images',
  index: 0,
  kind: 'image',
  temporary: type === 'temp',
  file: { filename, subfolder: '', type },
});

/** A server whose files all have these bytes; null breaks the download halfway. */
function serverWith(bodies: (string | null)[]): ComfyHttp {
  const transport: HttpTransport = {
    request: async () => {
      const body = bodies.length > 1 ? bodies.shift() : bodies[0];
      return {
        status: 200,
        headers: {},
        text: async () => '',
        body: (async function* () {
          yield Buffer.from('half');
          if (body === null || body === undefined) throw new ComfyError('RESET', 'broke');
          yield Buffer.from(body);
        })(),
      };
    },
  };
  return new ComfyHttp({ baseUrl: 'http://worker', transport });
}

function save(names: CollectedOutput[], options: { fileName?: string; includeTemporary?: boolean } = {}) {
  const from = { http: serverWith([' and rest']), clock: new FakeClock() };
  return saveOutputs(from, { outputs: names, socketImages: [] }, { folder, ...options });
}

describe('saving files', () => {
  it.each([
    ['../../escape.png', 'escape.png'],
    ['a\\b\\..\\c.png', 'c.png'],
    ['..', 'output'],
    ['nul\u0000l.png', 'nul_l.png'],
    ['what?.png', 'what_.png'],
    ['.png', '.png'],
    [`${'long'.repeat(100)}.png`, `${'long'.repeat(20)}.png`],
    ['图片.png', '图片.png'],
    ['NUL.png', '_NUL.png'],
  ])('D7 the server name %j becomes %j in the folder', async (name, saved) => {
    const [path = ''] = await save([output(name)]);
    expect(dirname(path)).toBe(folder);
    expect(await readdir(folder)).toEqual([saved]);
  });

  it('RS1 temporary files are skipped unless asked for', async () => {
    const both = [output('a.png'), output('b.png', 'temp')];
    expect(await save(both)).toEqual([join(folder, 'a.png')]);
    expect(await save([output('b.png', 'temp')], { includeTemporary: true })).toEqual([
      join(folder, 'b.png'),
    ]);
  });

  it('TD8 previews are saved when the prompt made nothing else', async () => {
    expect(await save([output('b.png', 'temp')])).toEqual([join(folder, 'b.png')]);
  });

  it('TD7 a path that a node told is looked for in output, then in temp; one that is nowhere is no file', async () => {
    const told = (name: string): CollectedOutput => ({ ...output(name), kind: '3d', text: name });
    const transport: HttpTransport = {
      request: async ({ url }) => ({
        status: /a\.obj.*output|b\.obj.*temp/.test(url) ? 200 : 404,
        headers: {},
        text: async () => '',
        body: (async function* () {
          yield Buffer.from(url);
        })(),
      }),
    };
    const from = { http: new ComfyHttp({ baseUrl: 'http://worker', transport }), clock: new FakeClock() };
    const saveAll = (names: string[]) =>
      saveOutputs(from, { outputs: names.map(told), socketImages: [] }, { folder });

    expect(await saveAll(['a.obj', 'b.obj', 'c.obj'])).toEqual([join(folder, 'a.obj')]);
    expect(await saveAll(['b.obj', 'c.obj'])).toEqual([join(folder, 'b.obj')]);
  });

  it('RS6 a taken name is never replaced', async () => {
    await writeFile(join(folder, 'cat.png'), 'older');
    const paths = await save([output('x.png'), output('y.png')], { fileName: 'cat' });
    expect(paths).toEqual([join(folder, 'cat_1.png'), join(folder, 'cat_2.png')]);
    expect(await readFile(join(folder, 'cat.png'), 'utf8')).toBe('older');
  });

  it('D1 a download that always breaks leaves nothing behind', async () => {
    const clock = new FakeClock();
    const from = { http: serverWith([null]), clock };
    const saved = saveOutputs(from, { outputs: [output('a.png')], socketImages: [] }, { folder });
    const failed = expect(saved).rejects.toMatchObject({ code: 'RESET' });
    const ticking = setInterval(() => clock.advance(10_000), 1);
    await failed;
    clearInterval(ticking);
    expect(await readdir(folder)).toEqual([]);
  });
});
