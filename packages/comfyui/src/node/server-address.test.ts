import { openHttpDouble } from '@comfleet/test-kit';
import { describe, expect, it } from 'vitest';
import { findServer, listBaseUrls, readServerSettings } from './server-address.ts';
import { createNodeTransport } from './undici-transport.ts';

describe('the address of one server', () => {
  it('CF7 defaults are 127.0.0.1, 8188 and 900 s', () => {
    const settings = readServerSettings({}, {});
    expect(settings).toEqual({ host: null, port: 8188, timeoutMs: 900_000 });
    expect(listBaseUrls(settings, false)).toEqual(['http://127.0.0.1:8188']);
  });

  it('CF7 the environment sets host, port and time-out, arguments win', () => {
    const environment = { COMFYUI_HOST: 'gpu-1', COMFYUI_PORT: '9000', COMFYUI_TIMEOUT: '1800' };
    expect(readServerSettings({}, environment)).toEqual({ host: 'gpu-1', port: 9000, timeoutMs: 1_800_000 });
    expect(readServerSettings({ host: '::1', port: 1, timeoutMs: 2 }, environment)).toEqual({
      host: '::1',
      port: 1,
      timeoutMs: 2,
    });
    expect(listBaseUrls({ host: '::1', port: 1, timeoutMs: 2 })).toEqual(['http://[::1]:1']);
  });

  it('CF7 inside a container host.docker.internal is tried second', () => {
    const settings = readServerSettings({}, {});
    expect(listBaseUrls(settings, true)).toEqual([
      'http://127.0.0.1:8188',
      'http://host.docker.internal:8188',
    ]);
  });

  it.each(['many', '-1', '0'])('a time-out of %j is refused', (text) => {
    expect(() => readServerSettings({}, { COMFYUI_TIMEOUT: text })).toThrow(RangeError);
  });

  it('the first address at which a server answers is taken', async () => {
    const gone = await openHttpDouble(() => undefined);
    await gone.close();
    const server = await openHttpDouble((_request, response) =>
      response.end('{"exec_info":{"queue_remaining":0}}'),
    );
    const transport = createNodeTransport();
    expect(await findServer([gone.url, server.url], transport)).toBe(server.url);
    await transport.close();
    await server.close();
  });
});
