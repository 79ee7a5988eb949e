import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiFailure } from '../api/api.ts';
import type { FakeServer } from '../testing/fake-server.ts';
import { createPages, mountPage } from '../testing/mount-page.ts';
import { user } from '../testing/user.ts';

const { begin, openPage, end } = createPages();
let server: FakeServer;
beforeEach(() => {
  server = begin();
});
afterEach(end);

const isSignedIn = () => user.seesAll('button', 'Generate').length > 0;

describe('signing in', () => {
  test('wrong credentials are said and nothing is kept', async () => {
    await openPage({ signedIn: false });
    server.refusal = new ApiFailure('UNAUTHORIZED', 'no');
    await user.writes('User name', 'me');
    await user.writes('Password', 'wrong');
    await user.presses('Sign in');
    expect(user.sees('alert').textContent?.trim()).toBe('These credentials are not valid.');
    expect(window.localStorage.getItem('comfleet.token')).toBeNull();
  });

  test('a name and a password open the page', async () => {
    await openPage({ signedIn: false });
    await user.writes('User name', ' ada ');
    await user.writes('Password', 'secret');
    await user.presses('Sign in');
    expect(isSignedIn()).toBe(true);
    expect(window.localStorage.getItem('comfleet.token')).toBe('token-of-ada');
  });

  test('client credentials open the page; the bearer is kept for this browser', async () => {
    await openPage({ signedIn: false });
    await user.presses('Client', 'tab');
    await user.writes('Client id', 'me');
    await user.writes('Client secret', 'secret');
    await user.presses('Sign in');
    expect(isSignedIn()).toBe(true);
    expect(window.localStorage.getItem('comfleet.token')).toBe('token-of-me');
    expect(document.cookie).toBe('');
  });

  test('the other way asks for a token alone', async () => {
    await openPage({ signedIn: false });
    await user.presses('Token', 'tab');
    await user.writes('Access token', 'by hand');
    await user.presses('Sign in');
    expect(server.tokens).toEqual(['by hand']);
  });

  test('a token that ran out leads back to the sign-in page with the reason', async () => {
    await openPage();
    server.live?.refused(new ApiFailure('UNAUTHORIZED', 'expired'));
    await flushPromises();
    expect(user.sees('alert').textContent?.trim()).toBe('Your session has expired. Please sign in again.');
  });

  test('a used-up link says so and how to get a fresh one', async () => {
    const { page, session } = await mountPage(server, { signedIn: false });
    server.codeRefusal = new ApiFailure('SIGN_IN_CODE', 'no');
    await session.signIn({ kind: 'code', code: 'used' });
    await flushPromises();
    expect(user.sees('alert').textContent?.trim()).toContain('each works once, for ten minutes');
    expect(page.get('.fresh code').text()).toBe('npx comfleet sign-in');
    page.unmount();
  });

  test('a used-up link opens the page where the browser is signed in already', async () => {
    const { page, session } = await mountPage(server, { signedIn: false });
    window.localStorage.setItem('comfleet.token', 'kept');
    server.codeRefusal = new ApiFailure('SIGN_IN_CODE', 'no');
    await session.signIn({ kind: 'code', code: 'used' });
    await flushPromises();
    expect(isSignedIn()).toBe(true);
    expect(server.tokens).toEqual(['kept']);
    page.unmount();
  });

  test('a server with a provider shows its button first; without one there is none', async () => {
    await openPage({ signedIn: false });
    expect(user.seesAll('link', 'Sign in with Company')).toEqual([]);
    end();
    server = begin();
    document.documentElement.dataset.provider = 'Company';
    await openPage({ signedIn: false });
    expect(user.sees('link', 'Sign in with Company').getAttribute('href')).toMatch(
      /^\/api\/v2\/auth\/oidc\/sign-in\?return_to=/,
    );
    delete document.documentElement.dataset.provider;
  });

  test.each([
    ['OIDC_DENIED', 'The sign-in was canceled or denied at the OpenID provider.'],
    ['RATE_LIMITED', 'Too many requests'],
  ])('%s of a sign-in at the provider is said', async (code, text) => {
    const { page, session } = await mountPage(server, { signedIn: false });
    await session.refuse(code);
    await flushPromises();
    expect(user.sees('alert').textContent?.trim()).toContain(text);
    page.unmount();
  });

  test('a text that somebody wrote into the address is not shown, nor an error to whoever is signed in', async () => {
    const { page, session } = await mountPage(server, { signedIn: false });
    await session.refuse('Call 555-0100 and tell your password');
    await flushPromises();
    expect(user.seesAll('alert')).toEqual([]);
    window.localStorage.setItem('comfleet.token', 'kept');
    await session.refuse('OIDC_DENIED');
    await flushPromises();
    expect(isSignedIn()).toBe(true);
    page.unmount();
  });

  test('a browser that comes back is signed in, and its sign-in lives on', async () => {
    const { page, session } = await mountPage(server, { signedIn: false });
    window.localStorage.setItem('comfleet.token', 'kept');
    await session.resume();
    await flushPromises();
    expect(isSignedIn()).toBe(true);
    expect(server.renewals).toBe(1);
    page.unmount();
  });

  test('signing out of all browsers is asked of the server and forgets the token', async () => {
    await openPage();
    await user.presses('Sign out of all browsers');
    expect(server.signOuts).toEqual(['everywhere']);
    expect(user.sees('textbox', 'User name')).toBeDefined();
    expect(user.seesAll('alert')).toEqual([]);
    expect(window.localStorage.getItem('comfleet.token')).toBeNull();
  });

  test('signing out empties the forms, also what this tab keeps of them', async () => {
    await openPage();
    await user.writes('Prompt', 'a private wish');
    expect(window.sessionStorage.getItem('comfleet.draft')).toContain('a private wish');
    await user.presses('Sign out of this browser');
    await flushPromises();
    expect(JSON.stringify({ ...window.sessionStorage, ...window.localStorage })).not.toContain('private');
    expect(document.body.textContent).not.toContain('private');
  });

  test('fields of secrets are masked, and pasting and password managers work', async () => {
    await openPage({ signedIn: false });
    const fields = [...document.querySelectorAll('input')];
    const secrets = fields.filter(({ name }) => ['password', 'client_secret', 'token'].includes(name));
    expect(secrets.map(({ type }) => type)).toEqual(['password', 'password', 'password']);
    const password = secrets.find(({ name }) => name === 'password');
    expect(password?.autocomplete).toBe('current-password');
    expect(fields.find(({ name }) => name === 'username')?.autocomplete).toBe('username');
    const paste = new Event('paste', { bubbles: true, cancelable: true });
    expect(password?.dispatchEvent(paste)).toBe(true);
  });

  test('a new sign-in ends the one that this browser had', async () => {
    const { page, session } = await mountPage(server, { signedIn: false });
    window.localStorage.setItem('comfleet.token', 'the former');
    await session.signIn({ kind: 'code', code: 'fresh' });
    await flushPromises();
    expect(window.localStorage.getItem('comfleet.token')).not.toBe('the former');
    expect(server.tokens).toContain('the former');
    expect(server.signOuts).toEqual(['here']);
    page.unmount();
  });

  test('another tab signs this one out and in', async () => {
    const { page, session } = await mountPage(server);
    window.localStorage.removeItem('comfleet.token');
    session.follow(null);
    await flushPromises();
    expect(isSignedIn()).toBe(false);
    window.localStorage.setItem('comfleet.token', 'of the other tab');
    session.follow('of the other tab');
    await flushPromises();
    expect(isSignedIn()).toBe(true);
    page.unmount();
  });
});
