import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '@comfleet/test-kit';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runComfleet, startComfleet } from '../packages/cli/test/comfleet-process.ts';
import { CLIENT, openOidcProvider } from '../packages/server/test/kit/oidc/open-oidc-provider.ts';

const CHROMIUM = process.env.COMFLEET_TEST_CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
/** Where screenshots are kept; unset: none are taken. */
const SCREENSHOTS = process.env.COMFLEET_TEST_SCREENSHOTS;
const BUTTON = 'a.provider';

describe.skipIf(!existsSync(CHROMIUM))('signing in through an OpenID provider, in Chromium', () => {
  let folder: string;
  let provider: Awaited<ReturnType<typeof openOidcProvider>>;
  let server: ReturnType<typeof startComfleet>;
  let origin: string;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'comfleet-oidc-'));
    const port = await findFreePort();
    origin = `http://127.0.0.1:${port}`;
    provider = await openOidcProvider({
      redirectUri: `${origin}/api/v2/auth/oidc/callback`,
      signedOutUri: `${origin}/client/`,
    });
    await writeFile(join(folder, 'config.yaml'), configOf(provider.issuer));
    const args = ['up', '--config', 'config.yaml', '--port', String(port), '--no-example'];
    server = startComfleet(args, { cwd: folder, env: { OIDC_SECRET: CLIENT.secret } });
    await server.lineOf(/#code=/);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });

  beforeEach(async () => {
    provider.accounts.clear();
    provider.accounts.set('ada', { groups: ['artists'], name: 'Ada Lovelace' });
    context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 860 } });
    page = await context.newPage();
  });

  afterEach(() => context.close());

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await provider?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('a button leads to the provider and back, signed in; signing out leads there too', async () => {
    await page.goto(`${origin}/client/`);
    await page.waitForSelector(BUTTON);
    expect(await page.textContent(BUTTON)).toBe('Sign in with Company & <friends>');
    await shoot(page, 'button');

    await signInAtProvider(page, 'ada');

    await page.waitForSelector('.composer');
    expect(new URL(page.url()).hash).toBe('');
    const cookies = await context.cookies();
    expect(cookies.map(({ name }) => name)).not.toContain('comfleet-oidc');
    await page.click('[aria-label="Sign out"]');
    expect(await page.textContent('#sign-out .who')).toBe('ada');
    await page.click('text=Sign out of this browser');
    await page.click('button[name="logout"]');
    await page.waitForSelector(BUTTON);
    expect(page.url()).toBe(`${origin}/client/`);
    expect(await page.evaluate(() => localStorage.getItem('comfleet.token'))).toBeNull();
  });

  test('what was open is open again after signing in', async () => {
    await page.goto(`${origin}/client/?workflow=x`);
    await page.waitForSelector(BUTTON);
    await signInAtProvider(page, 'ada');
    await page.waitForSelector('.composer');
    expect(page.url()).toBe(`${origin}/client/?workflow=x`);
  });

  test.each([
    ['en-US', 'Your account at the provider has no role here; ask an admin.'],
    ['zh-CN', '你在 OpenID 提供方的账户在此没有角色。请联系管理员。'],
    ['zh-TW', '你在 OpenID 提供者的帳戶在此沒有角色。請聯絡管理員。'],
  ])('whoever has no role is told so in %s', async (locale, text) => {
    provider.accounts.set('eve', { groups: ['others'] });
    await context.close();
    context = await browser.newContext({ locale, viewport: { width: 1280, height: 860 } });
    page = await context.newPage();
    await page.goto(`${origin}/client/`);
    await signInAtProvider(page, 'eve');
    expect((await page.textContent('[role="alert"]'))?.trim()).toBe(text);
    expect(new URL(page.url()).hash).toBe('');
    await shoot(page, `no-role-${locale}`);
  });

  test('whoever declines is told so, on a phone too', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${origin}/client/`);
    await page.click(BUTTON);
    await page.click('text=Cancel');
    await page.waitForSelector('[role="alert"]');
    expect(await page.textContent('[role="alert"]')).toContain('canceled or denied');
    await shoot(page, 'declined');
  });

  test('comfleet users shows who comes from the provider, and why it has no password to reset', async () => {
    await page.goto(`${origin}/client/`);
    await signInAtProvider(page, 'ada');
    await page.waitForSelector('.composer');
    const list = await runComfleet(['users', 'list'], { cwd: folder });
    expect(list.out.find((line) => line.startsWith('ada '))).toContain(new URL(provider.issuer).host);
    const reset = await runComfleet(['users', 'reset', 'ada'], { cwd: folder });
    expect([reset.status, reset.err.join(' ')]).toEqual([
      1,
      expect.stringContaining('signs in through the OpenID provider'),
    ]);
  });

  test('a provider that is down stops neither the start nor a user with a password', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'comfleet-oidc-down-'));
    await writeFile(join(cwd, 'config.yaml'), configOf(`http://127.0.0.1:${await findFreePort()}`));
    const args = ['up', '--config', 'config.yaml', '--port', '0', '--no-example'];
    const env = { OIDC_SECRET: CLIENT.secret, COMFLEET_ADMIN_PASSWORD: 'correct horse battery' };
    const alone = startComfleet(args, { cwd, env });
    const link = await alone.lineOf(/(http:\/\/\S+#code=\S+)/);
    await page.goto(new URL('/client/', /http:\S+/.exec(link)?.[0]).href);
    await page.click(BUTTON);
    await page.waitForSelector('[role="alert"]');
    expect(await page.textContent('[role="alert"]')).toContain('The OpenID provider cannot be reached');
    await shoot(page, 'provider-down');
    await page.fill('[name="username"]', 'admin');
    await page.fill('[name="password"]', 'correct horse battery');
    await page.click('form [type="submit"]');
    await page.waitForSelector('.composer');
    await alone.stop();
    await rm(cwd, { recursive: true });
  });

  test('AU12 no secret of the sign-ins above is in the log', async () => {
    const log = await readFile(join(folder, '.comfleet', 'logs', 'system.log'), 'utf8');
    expect(log).toContain('oidc.signed_in');
    expect(log).not.toMatch(/CANARY|cfc_|cft_|eyJ|code=/);
  });
});

function configOf(issuer: string): string {
  return `
auth:
  oidc:
    issuer: ${issuer}
    client_id: ${CLIENT.id}
    client_secret: { env: OIDC_SECRET }
    name: Company & <friends>
    roles:
      - { claim: groups, value: artists, role: member }
`;
}

/** Presses the button and fills in what the provider asks. */
async function signInAtProvider(page: Page, login: string): Promise<void> {
  await page.click(BUTTON);
  await page.fill('[name="login"]', login);
  await page.fill('[name="password"]', 'anything');
  await page.click('[type="submit"]');
  await page.click('[type="submit"]');
  await page.waitForURL(/\/client\//);
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, `oidc-${name}.png`) });
}
