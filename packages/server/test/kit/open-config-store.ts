import { type Config, parseConfig } from '../../src/app/settings.ts';
import { ConfigStore } from '../../src/platform/config/config-store.ts';
import { FileStamps } from '../../src/platform/config/file-stamps.ts';
import { type Logger, silentLogger } from '../../src/platform/logging/logger.ts';

/** A configuration from text instead of a file: settings can be changed at run time. `edit` replaces the text for the next reload. */
export function openConfigStore(
  written = '',
  { environment = {}, logger = silentLogger }: { environment?: Record<string, string>; logger?: Logger } = {},
) {
  let text = written;
  // Each read of files keeps its own text, as a real one does.
  const texts = new WeakMap<object, string>();
  const load = async (read: object, runTime: ReadonlyMap<string, unknown>) => {
    const own = texts.get(read) ?? text;
    texts.set(read, own);
    return parseConfig(own, { file: '/tmp/config.yaml', environment, cwd: '/tmp', runTime });
  };
  const files = { read: async () => '', stamps: new FileStamps() };
  texts.set(files.read, text);
  const loaded = parseConfig(text, { file: '/tmp/config.yaml', environment, cwd: '/tmp' });
  const store = new ConfigStore<Config>(loaded, files, { load, file: '/tmp/config.yaml', logger });
  return {
    store,
    edit: (next: string) => {
      text = next;
    },
  };
}
