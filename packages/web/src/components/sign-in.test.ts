import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiFailure } from '../api/api.ts';
import type { FakeServer } from '../testing/fake-server.ts';
import { createPages, mountPage } from '../testing/mount-page.ts';

const { begin, openPage, end } = createPages();
let server: FakeServer;
beforeEach(() => {
  server = begin();
});
afterEach(end);

describe('signing in', () => {
  test('wrong credentials are said and nothing is kept', async () => {
    const page = await openPage({ signedIn: false });
    server.refusal = new ApiFailure('UNAUTHORIZED', 'no');
    await page.get('[name="client_id"]').setValue('me');
    await page.get('[name="client_secret"]').setValue('wrong');
    await page.get('form').trigger('submit');
    await flushPromises();
    expect(page.get('[role="alert"]').text()).toBe('These credentials are not valid.');
    expect(window.localStorage.getItem('comfleet.token')).toBeNull();
  });

  test('client credentials open the page; the bearer is kept for this browser', async () => {
    const page = await openPage({ signedIn: false });
    await page.get('[name="client_id"]').setValue('me');
    await page.get('[name="client_secret"]').setValue('secret');
    await page.get('form').trigger('submit');
    await flushPromises();
    expect(page.find('.composer').exists()).toBe(true);
    expect(window.localStorage.getItem('comfleet.token')).toBe('token-of-me');
    expect(document.cookie).toBe('');
  });

  test('a token that ran out leads back to the sign-in page with the reason', async () => {
    const page = await openPage();
    server.live?.refused(new ApiFailure('UNAUTHORIZED', 'expired'));
    await flushPromises();
    expect(page.get('[role="alert"]').text()).toBe('Your session has expired. Please sign in again.');
  });

  test('a used-up link says so and how to get a fresh one', async () => {
    const { page, session } = await mountPage(server, { signedIn: false });
    server.codeRefusal = new ApiFailure('SIGN_IN_CODE', 'no');
    await session.signIn({ kind: 'code', code: 'used' });
    await flushPromises();
    expect(page.get('[role="alert"]').text()).toContain('each works once, for ten minutes');
    expect(page.get('.fresh code').text()).toBe('npx comfleet sign-in');
    page.unmount();
  });

  test('a used-up link opens the page where the browser is signed in already', async () => {
    const { page, session } = await mountPage(server, { signedIn: false });
    window.localStorage.setItem('comfleet.token', 'kept');
    server.codeRefusal = new ApiFailure('SIGN_IN_CODE', 'no');
    await session.signIn({ kind: 'code', code: 'used' });
    await flushPromises();
    expect(page.find('.composer').exists()).toBe(true);
    expect(server.tokens).toEqual(['kept']);
    page.unmount();
  });

  test('a browser that comes back is signed in, and its sign-in lives on', async () => {
    const { page, session } = await mountPage(server, { signedIn: false });
    window.localStorage.setItem('comfleet.token', 'kept');
    await session.resume();
    await flushPromises();
    expect(page.find('.composer').exists()).toBe(true);
    expect(server.renewals).toBe(1);
    page.unmount();
  });

  test('signing out of all browsers is asked of the server and forgets the token', async () => {
    const page = await openPage();
    await page.findAll('#sign-out button')[1]?.trigger('click');
    await flushPromises();
    expect(server.signOuts).toEqual(['everywhere']);
    expect(page.find('form [name="client_id"]').exists()).toBe(true);
    expect(page.find('[role="alert"]').exists()).toBe(false);
    expect(window.localStorage.getItem('comfleet.token')).toBeNull();
  });

  test('another tab signs this one out and in', async () => {
    const { page, session } = await mountPage(server);
    window.localStorage.removeItem('comfleet.token');
    session.follow(null);
    await flushPromises();
    expect(page.find('.composer').exists()).toBe(false);
    window.localStorage.setItem('comfleet.token', 'of the other tab');
    session.follow('of the other tab');
    await flushPromises();
    expect(page.find('.composer').exists()).toBe(true);
    page.unmount();
  });
});
