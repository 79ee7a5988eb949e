import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateSync } from 'node:zlib';
import { Program } from '@comfleet/test-kit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAX_SECONDS_TO_PICTURE = 60;
const MAX_MS_TO_STOP = 5000;

/** The lines of the first command block of a page. */
function readCommands(page: string): string[] {
  const block = /```sh\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, page), 'utf8'));
  return (block?.[1] ?? '').split('\n').filter((line) => line !== '');
}

/** A line without its comment. */
function toCommand(line: string | undefined): string {
  return (line ?? '').replace(/\s+#.*$/, '');
}

test('DO9 both README files open with the same two commands', () => {
  const english = readCommands('README.md').map(toCommand);

  expect(english).toEqual(['npm start', 'npm test']);
  expect(readCommands('README.zh-CN.md').map(toCommand)).toEqual(english);
});

test('continuous integration runs the command of the README', () => {
  const script = readFileSync(join(ROOT, '.ci/run'), 'utf8');

  expect(script).toMatch(new RegExp(`^exec ${toCommand(readCommands('README.md')[1])} </dev/null$`, 'm'));
});

/** Runs a command line as a terminal's shell would: in its own process group, with a user's environment. */
function runCommandLine(command: string, folder: string): Program {
  return new Program('sh', ['-c', `exec ${command}`], {
    cwd: folder,
    env: createEnvironment(),
    ownGroup: true,
  });
}

/** Our environment without the test runner's variables: data in the default folder, no token of another server. */
function createEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) =>
      !/^(COMFLEET|COMFYUI|VITEST|npm_)|^(NODE_ENV|NODE_OPTIONS|TEST|MODE|DEV|PROD|SSR|BASE_URL|INIT_CWD)$/.test(
        name,
      ),
  );
  return { ...Object.fromEntries(own), LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
}

/** Running processes whose working directory is in a folder, whoever started them. */
function listProcessesIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const cwd = readlinkSync(`/proc/${pid}/cwd`);
        const isZombie = /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
        const isHere = cwd === folder || cwd.startsWith(`${folder}/`);
        return isHere && !isZombie
          ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')]
          : [];
      } catch {
        return []; // ended in the meantime
      }
    });
}

/** One Ctrl-C: the terminal sends the signal to the whole foreground group. Returns exit code and duration. */
async function pressCtrlC(start: Program): Promise<{ code: number | null; ms: number }> {
  const beganMs = performance.now();
  start.signal('SIGINT');
  const { code } = await start.exited;
  return { code, ms: performance.now() - beganMs };
}

/** Listens on a port; false if it is in use. */
function takePort(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
}

async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  const isFree = await takePort(server, port);
  if (isFree) await new Promise((done) => server.close(done));
  return isFree;
}

/** Size and pixels of a PNG with 8 bits a channel: decoded as a viewer would. */
function decodePng(bytes: Buffer): { width: number; height: number; pixels: Buffer } {
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  const data: Buffer[] = [];
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT') data.push(bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)));
  }
  expect(bytes.toString('latin1', bytes.length - 8, bytes.length - 4)).toBe('IEND');
  return {
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
    pixels: inflateSync(Buffer.concat(data)),
  };
}

describe('the first start in a fresh clone', () => {
  const [startLine] = readCommands('README.md');
  const portHolder = createServer();
  /** The folder this test made and must delete; null before that. */
  let temporary: string | null = null;
  let folder = '';
  let first: Program;
  let picturePath = '';
  let address = '';

  beforeAll(async () => {
    // The default port is in use, by us or by another program: it must not matter.
    await takePort(portHolder, 8000);
    temporary = await mkdtemp(join(tmpdir(), 'comfleet-first-start-'));
    folder = join(temporary, 'comfleet');
    execFileSync('git', ['clone', '--quiet', ROOT, folder]);
    first = runCommandLine(toCommand(startLine), folder);
  });

  afterAll(async () => {
    portHolder.close();
    if (first && !first.hasEnded) await pressCtrlC(first);
    if (temporary !== null) await rm(temporary, { recursive: true, force: true });
  });

  test('shows a picture within a minute of the installation', async () => {
    const line = await first.waitForLine(/^first picture after /);

    const [, seconds, path] = /^first picture after ([\d.]+) s: (.+)$/.exec(line) ?? [];
    picturePath = path ?? '';
    expect(Number(seconds)).toBeGreaterThan(0);
    expect(Number(seconds)).toBeLessThanOrEqual(MAX_SECONDS_TO_PICTURE);
    expect(picturePath.startsWith(join(folder, '.comfleet/outputs/'))).toBe(true);
  });

  test('the picture decodes to all its pixels', () => {
    const { width, height, pixels } = decodePng(readFileSync(picturePath));

    expect([width, height]).toEqual([512, 512]);
    // One filter byte a row, then three or four bytes a pixel.
    expect([height * (1 + 3 * width), height * (1 + 4 * width)]).toContain(pixels.length);
  });

  test('says plainly that the workers are simulated, and shows progress', () => {
    const text = first.lines.join('\n');

    expect(text).toMatch(/No ComfyUI was found, so 2 SIMULATED workers stand in/);
    expect(first.lines.filter((line) => /^\s+\d+\.\d%/.test(line)).length).toBeGreaterThan(5);
  });

  test('takes the next port when one is in use, and says so', async () => {
    const line = await first.waitForLine(/^Comfleet runs at /);
    address = line.replace('Comfleet runs at ', '');

    expect(Number(new URL(address).port)).toBeGreaterThan(8000);
    expect(first.lines).toContain(`Port 8000 is in use; using ${new URL(address).port} instead.`);
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
    expect((await fetch(`${address}/client`)).headers.get('content-type')).toMatch(/^text\/html/);
  });

  test('the command line finds the server without configuration', () => {
    const list = execFileSync('npx', ['--no-install', 'comfleet', 'tasks', 'list', '--json'], {
      cwd: folder,
      env: createEnvironment(),
      encoding: 'utf8',
    });

    expect(JSON.parse(list)).toMatchObject({ tasks: [{ status: 'succeeded' }] });
  });

  test('DP6 Ctrl-C ends it with 0 within five seconds and leaves no process and no port behind', async () => {
    const { code, ms } = await pressCtrlC(first);

    expect(code).toBe(0);
    expect(ms).toBeLessThan(MAX_MS_TO_STOP);
    expect(listProcessesIn(folder)).toEqual([]);
    expect(await isPortFree(Number(new URL(address).port))).toBe(true);
    expect(existsSync(picturePath)).toBe(true);
  });

  test('a second start builds nothing, runs no example and says where it is', async () => {
    const second = runCommandLine(toCommand(startLine), folder);
    const shownLink = await second.waitForLine(/Sign in once/);
    const { code } = await pressCtrlC(second);

    expect(code).toBe(0);
    expect(shownLink).toContain('/client#code=');
    const text = second.lines.join('\n');
    expect(text).toMatch(/^Comfleet runs at http:\/\/127\.0\.0\.1:\d+$/m);
    expect(text).not.toMatch(/Building|Installing|running the example|first picture/);
    expect(listProcessesIn(folder)).toEqual([]);
  });
});
