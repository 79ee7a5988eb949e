import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { openSimulator } from '@comfleet/simulator';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runComfleet, startComfleet } from '../packages/cli/test/comfleet-process.ts';

const CHROMIUM = process.env.COMFLEET_TEST_CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const PAGE_FILES = fileURLToPath(new URL('../packages/web/dist/assets', import.meta.url));
/** Where screenshots are kept; by default they are deleted with the other temporary files. */
const SCREENSHOTS = process.env.COMFLEET_TEST_SCREENSHOTS;
/** The checkpoints of the workflows that ship with Comfleet. */
const CHECKPOINTS = [
  { name: 'v1-5-pruned-emaonly-fp16.safetensors', loadMs: 50, vramMegabytes: 4096 },
  { name: 'svd_xt.safetensors', loadMs: 50, vramMegabytes: 4096 },
];
/** Maximum script before first use. */
const MAX_SCRIPT_BYTES = 200_000;
/** Maximum script before the first paint. */
const MAX_FIRST_BYTES = 90_000;

describe.skipIf(!existsSync(CHROMIUM))('the create page in Chromium', () => {
  let folder: string;
  let simulator: Awaited<ReturnType<typeof openSimulator>>;
  let browser: Browser;
  let server: ReturnType<typeof startComfleet>;
  let signInLink: string;
  let context: BrowserContext;
  let page: Page;
  /** Errors of the console, uncaught exceptions and violations of the content security policy. */
  const problems: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'comfleet-client-page-'));
    simulator = await openSimulator({
      port: 0,
      stepMs: 80,
      previewMethod: 'latent2rgb',
      models: CHECKPOINTS,
    });
    const args = ['up', '--port', '0', '--no-example', '--worker', simulator.url];
    server = startComfleet(args, { cwd: folder });
    signInLink = await server.lineOf(/(http:\/\/\S+#code=\S+)/);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      locale: 'en-US',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    page = await context.newPage();
    watchProblems(page, problems);
    await page.goto(signInLink);
    await page.waitForSelector('.composer .picker');
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await simulator?.close();
    await rm(folder, { recursive: true, force: true });
  });

  afterEach(() => {
    expect(problems).toEqual([]);
  });

  test('the printed link signs in once, leaves no code in the address and sets no cookie', async () => {
    expect(new URL(page.url()).hash).toBe('');
    await page.waitForSelector('.lamp[data-live="live"]');
    expect(await context.cookies()).toEqual([]);
  });

  test('signing in holds for the browser: another tab needs no link, and the used one opens the page', async () => {
    const another = await context.newPage();
    await another.goto(new URL('/client/', signInLink).href);
    await another.waitForSelector('.composer .picker');
    await another.goto('about:blank');
    await another.goto(signInLink);
    await another.waitForSelector('.composer .picker');
    await another.close();
  });

  test('in another browser a used link says so; comfleet sign-in prints a new one; signing out ends the session', async () => {
    const elsewhere = await browser.newContext({ locale: 'en-US' });
    const other = await elsewhere.newPage();
    await other.goto(signInLink);
    expect(await other.textContent('[role="alert"]')).toContain('each works once, for ten minutes');
    const { out } = await runComfleet(['sign-in'], { cwd: folder });
    await other.goto('about:blank');
    await other.goto(/http\S+$/.exec(out[0] ?? '')?.[0] ?? '');
    await other.waitForSelector('.composer .picker');
    const token = await other.evaluate(() => localStorage.getItem('comfleet.token'));
    await other.click('[aria-label="Sign out"]');
    await other.click('text=Sign out of this browser');
    await other.waitForSelector('[name="username"]');
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(new URL('/api/v2/auth/me', signInLink), { headers })).status).toBe(401);
    await elsewhere.close();
  });

  test('CP5 a prompt becomes a picture, with progress and preview on the way', async () => {
    await chooseWorkflow(page, 'Text to image');
    await page.fill('#prompt-prompt', 'a lighthouse in a storm at dusk');
    await page.press('#prompt-prompt', 'Control+Enter');

    const preview = await page.waitForSelector('.cell .preview');
    expect(await decodedWidth(page, '.cell .preview')).toBeGreaterThan(0);
    const percent = await page.waitForSelector(
      '[role="progressbar"][aria-valuenow]:not([aria-valuenow="0"])',
    );
    expect(Number(await percent.getAttribute('aria-valuenow'))).toBeLessThan(100);
    expect(await page.textContent('.cell .run')).toMatch(/Step \d+ of \d+/);
    await shoot(page, folder, '1440-running');

    await preview.waitForElementState('hidden');
    await page.waitForSelector('.cell .media[data-phase="shown"]');
    expect(await decodedWidth(page, '.cell .media img')).toBe(512);
  });

  test('the picture box shows what made the picture, moves by key and copies the seed', async () => {
    await page.click('.cell .whole');
    await page.waitForSelector('[role="dialog"] .media[data-phase="shown"]');
    const seed = (await page.textContent('[role="dialog"] .copyable'))?.trim();
    expect(seed).toMatch(/^\d+$/);
    await page.click('[role="dialog"] .copyable');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(seed);
    const box = await page.locator('[role="dialog"] .media img').boundingBox();
    expect((box?.y ?? 0) + (box?.height ?? 900)).toBeLessThan(900);
    await shoot(page, folder, '1440-box');
    await page.keyboard.press('Escape');
    await page.waitForSelector('[role="dialog"]', { state: 'detached' });
  });

  test('after a reload the user sees the same work and the same draft', async () => {
    await page.reload();
    await page.waitForSelector('.cell .media[data-phase="shown"]');
    expect(await page.inputValue('#prompt-prompt')).toBe('a lighthouse in a storm at dusk');
  });

  test('CP6 several pictures are one group; what is left of it can be canceled at once', async () => {
    await page.click('[aria-label="One more"]');
    await page.click('[aria-label="One more"]');
    await page.click('.go');
    await page.waitForFunction(() => document.querySelectorAll('article:first-of-type .cell').length === 3);
    await page.click('article:first-of-type >> text=Cancel all');
    await page.waitForSelector('article:first-of-type >> text=Run again');
    expect(await page.locator('article').count()).toBe(2);
    await shoot(page, folder, '1440-group');
  });

  test('CP4 an uploaded picture becomes the input of a workflow', async () => {
    await chooseWorkflow(page, 'Invert a picture');
    await page.setInputFiles('input[type="file"]', {
      name: 'square.png',
      mimeType: 'image/png',
      buffer: Buffer.from(await pictureOf(page)),
    });
    await page.click('[aria-label="One less"]');
    await page.click('[aria-label="One less"]');
    await page.click('.go:enabled');
    await page.waitForSelector('article:first-of-type .cell .media[data-phase="shown"]');
    expect(await decodedWidth(page, 'article:first-of-type .cell .media img')).toBe(64);
  });

  test('an image becomes a video that plays', async () => {
    await chooseWorkflow(page, 'Image to video');
    await page.setInputFiles('input[type="file"]', {
      name: 'square.png',
      mimeType: 'image/png',
      buffer: Buffer.from(await pictureOf(page)),
    });
    await page.click('.go:enabled');
    await page.waitForSelector('article:first-of-type .cell .media[data-kind="video"][data-phase="shown"]');
    await page.click('article:first-of-type .whole');
    await page.waitForFunction(() => {
      const video = document.querySelector('[role="dialog"] video');
      return video instanceof HTMLVideoElement && video.currentTime > 0;
    });
    await page.keyboard.press('Escape');
    await page.waitForSelector('[role="dialog"]', { state: 'detached' });
  });

  test('CP10 at 390 px nothing is wider than the screen', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.click('.panes button:first-child');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await shoot(page, folder, '390-create');
    await page.click('.panes button:last-child');
    await page.waitForSelector('.cell .media[data-phase="shown"]');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await shoot(page, folder, '390-results');
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('the page speaks Chinese where the browser does', async () => {
    const chinese = await browser.newContext({ locale: 'zh-CN', colorScheme: 'dark' });
    const other = await chinese.newPage();
    watchProblems(other, problems);
    await other.goto(new URL('/client/', signInLink).href);
    await other.waitForSelector('form');
    expect(await other.textContent('form .button')).toContain('登录');
    await shoot(other, folder, 'sign-in-zh-dark');
    await chinese.close();
  });

  test('script before first use weighs at most 200 kB compressed, and that before the first paint 90 kB', async () => {
    const first = await weigh(['index']);
    const used = await weigh(['index', 'comfleet-api', 'CreatePage']);
    expect(used).toBeLessThanOrEqual(MAX_SCRIPT_BYTES);
    expect(first).toBeLessThanOrEqual(MAX_FIRST_BYTES);
  });
});

function watchProblems(page: Page, problems: string[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
}

async function chooseWorkflow(page: Page, title: string): Promise<void> {
  await page.click('.picker .el-select__wrapper');
  await page.getByRole('option', { name: title }).first().click();
}

/** Compressed size of these chunks and of everything they import statically. */
async function weigh(chunks: readonly string[]): Promise<number> {
  const files = await readdir(PAGE_FILES);
  const waiting = chunks.map((chunk) => {
    const name = files.find((file) => new RegExp(`^${chunk}-[\\w-]{8}\\.js$`).test(file));
    if (name === undefined) throw new Error(`there is no chunk ${chunk}`);
    return name;
  });
  const sizes = new Map<string, number>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (sizes.has(name)) continue;
    const text = await readFile(join(PAGE_FILES, name), 'utf8');
    sizes.set(name, gzipSync(text).length);
    for (const [, imported = ''] of text.matchAll(/(?:from|import)"\.\/([\w.-]+\.js)"/g))
      waiting.push(imported);
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/** Natural width of a picture once the browser has decoded it. */
async function decodedWidth(page: Page, selector: string): Promise<number> {
  return page.$eval(selector, async (element) => {
    if (!(element instanceof HTMLImageElement)) return 0;
    await element.decode();
    return element.naturalWidth;
  });
}

/** A 64 × 64 PNG drawn by the browser itself. */
async function pictureOf(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    const canvas = new OffscreenCanvas(64, 64);
    const pencil = canvas.getContext('2d');
    if (pencil === null) throw new Error('no canvas');
    pencil.fillStyle = 'white';
    pencil.fillRect(0, 0, 64, 64);
    pencil.fillStyle = 'teal';
    pencil.fillRect(16, 16, 32, 32);
    const blob = await canvas.convertToBlob({ type: 'image/png' });
    return [...new Uint8Array(await blob.arrayBuffer())];
  });
}

async function shoot(page: Page, folder: string, name: string): Promise<void> {
  await page.screenshot({ path: join(SCREENSHOTS ?? folder, `client-${name}.png`) });
}
