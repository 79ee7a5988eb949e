import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findEnglish } from '@comfleet/test-kit';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openChineseFleet } from './page-zh/fleet.ts';
import { readPage } from './page-zh/read-page.ts';

const CHROMIUM = process.env.COMFLEET_TEST_CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
/** Where screenshots are kept; unset: none are taken. */
const SCREENSHOTS = process.env.COMFLEET_TEST_SCREENSHOTS;
/** ComfyUI's own English: names of graph nodes, and the message of a node that raised. */
const ALLOWED = [
  /\b(Empty|Save|Preview|Load)Image\b|\bTest[A-Z]\w+\b|\bKSampler\w*\b/g,
  /RuntimeError: .*/g,
  'Enter',
  'local',
  'Stable',
  'Diffusion',
];

describe.skipIf(!existsSync(CHROMIUM))('every page in Chinese', () => {
  let fleet: Awaited<ReturnType<typeof openChineseFleet>>;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    fleet = await openChineseFleet();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1440, height: 900 } });
    page = await context.newPage();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail')
      process.stderr.write(`The page then showed: ${(await readPage(page)).join(' · ')}\n`);
  });

  afterAll(async () => {
    await browser?.close();
    await fleet?.close();
  });

  /** English text that the page shows now. */
  async function listEnglish(name: string): Promise<string[]> {
    await shoot(page, name);
    const texts = await readPage(page);
    expect(texts.filter((text) => /\p{Script=Han}/u.test(text)).length).toBeGreaterThan(5);
    return texts.flatMap((text) => findEnglish(text, { allow: ALLOWED }));
  }

  test('signing in, and a link that is not valid', async () => {
    await page.goto(new URL('/client/', fleet.link).href);
    await page.waitForSelector('form');
    expect(await page.textContent('.fresh code')).toBe('npx comfleet sign-in --data DIR');
    expect(await listEnglish('sign-in')).toEqual([]);
    await page.fill('[name="username"]', 'me');
    await page.fill('[name="password"]', 'wrong');
    await page.click('form .button');
    await page.waitForSelector('[role="alert"]');
    expect(await listEnglish('sign-in-refused')).toEqual([]);
    await page.goto('about:blank');
    await page.goto(fleet.link);
    await page.waitForSelector('.composer .picker');
  });

  test('the empty page, and the form of each workflow with its tooltips', async () => {
    expect(await listEnglish('empty')).toEqual([]);
    await page.click('.picker .el-select__wrapper');
    await page.getByRole('option').first().waitFor();
    const titles = await page.locator('[role="option"] .option-title').allTextContents();
    expect(titles.length).toBeGreaterThan(4);
    expect(await listEnglish('workflows')).toEqual([]);
    await page.keyboard.press('Escape');
    for (const [index, title] of titles.entries()) {
      await page.click('.picker .el-select__wrapper');
      await page.locator('[role="option"]').nth(index).click();
      if ((await page.getAttribute('.fold', 'aria-expanded')) === 'false') await page.click('.fold');
      expect([title, await listEnglish(`form-${index}`)]).toEqual([title, []]);
    }
  });

  test('tasks of every state, and the box of each', async () => {
    await fleet.fill();
    await page.waitForSelector('article [data-status="running"]');
    await page.waitForSelector('article [data-status="failed"]');
    await page.waitForSelector('article [data-status="canceled"]');
    await page.waitForSelector('article .media[data-phase="shown"]');
    await page.locator('article .calm .why.long').nth(1).waitFor();
    expect(await listEnglish('gallery')).toEqual([]);
    const tiles = page.locator('article .whole');
    const count = await tiles.count();
    expect(count).toBe(7);
    for (let index = 0; index < count; index += 1) {
      await tiles.nth(index).click();
      await page.waitForSelector('[role="dialog"] .details');
      expect([index, await listEnglish(`box-${index}`)]).toEqual([index, []]);
      await page.keyboard.press('Escape');
      await page.waitForSelector('[role="dialog"]', { state: 'detached' });
    }
  });

  test('refusals, and a planted English sentence', async () => {
    expect(await listEnglish('before')).toEqual([]);
    await page.evaluate(() => {
      const planted = document.createElement('p');
      planted.textContent = '磁盘：The disk is full.';
      planted.title = 'Try again later';
      document.body.append(planted);
    });
    expect(await listEnglish('planted')).toEqual(['Try again later', 'The disk is full']);
    await page.reload();
    await page.waitForSelector('.composer .picker');
  });

  test('a narrow screen, and a server that is gone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.click('.panes button:last-child');
    expect(await listEnglish('390-results')).toEqual([]);
    await page.click('.panes button:first-child');
    expect(await listEnglish('390-create')).toEqual([]);
    await fleet.stop();
    await page.waitForSelector('.lamp[data-live="lost"]');
    expect(await listEnglish('390-lost')).toEqual([]);
  });
});

async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, `zh-${name}.png`) });
}
