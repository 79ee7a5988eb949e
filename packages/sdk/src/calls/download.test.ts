import { describe, expect, it } from 'vitest';
import { answer, createFakeFetch } from '../../test/fakes.ts';
import { Comfleet } from '../comfleet.ts';
import { parseFileName } from './download.ts';

describe('parseFileName', () => {
  it.each([
    ['attachment; filename="cat 1.png"', 'cat 1.png'],
    [`attachment; filename="x.png"; filename*=UTF-8''%E7%8C%AB.png`, '猫.png'],
    ['attachment; filename="../../etc/passwd"', 'passwd'],
    ['attachment; filename="a\\"b.png"', 'a"b.png'],
    ['inline; filename=plain.webp', 'plain.webp'],
    [`attachment; filename*=UTF-8''%E0%A4%A`, null],
    ['attachment; filename=".."', null],
    ['inline', null],
    [null, null],
  ])('reads %s', (header, expected) => {
    expect(parseFileName(header)).toBe(expected);
  });
});

describe('bytes', () => {
  it('refuses a file that is shorter than announced', async () => {
    const short = new Response('abc', { headers: { 'content-length': '5' } });
    const comfleet = new Comfleet({ url: 'http://server', fetch: createFakeFetch(short).fetch });

    const download = await comfleet.tasks.download('task-1');

    await expect(download.bytes()).rejects.toMatchObject({ code: 'INVALID_ANSWER' });
  });

  it('asks for the rest of a broken download', async () => {
    const { fetch, requests } = createFakeFetch(answer({}, 206));
    const comfleet = new Comfleet({ url: 'http://server', fetch });

    await comfleet.tasks.download('task-1', { index: 2, offset: 100 });

    expect(requests[0]?.url).toBe('http://server/api/v2/tasks/task-1/download?index=2');
    expect(requests[0]?.headers.range).toBe('bytes=100-');
  });
});
