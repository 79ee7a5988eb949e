import type { Language } from '@comfleet/contract';
import { PAGE_TEXTS } from '@comfleet/contract/texts/page';
import { flushPromises, mount } from '@vue/test-utils';
import { createPinia } from 'pinia';
import { createMemoryHistory, createRouter } from 'vue-router';
import App from '../App.vue';
import { createPageLanguage } from '../i18n/language.ts';
import { createPagePlatform } from '../platform/page-platform.ts';
import { useDraft } from '../stores/draft.ts';
import { useSession } from '../stores/session.ts';
import { FakePlatform } from './fake-platform.ts';
import { FakeServer } from './fake-server.ts';
// What a browser fetches when it is needed is there from the start.
import '../components/CreatePage.vue';
import '../components/SignIn.vue';
import '../components/gallery/PictureBox.vue';

/** The whole page over a fake server, as a signed-in person sees it. */
export async function mountPage(
  server: FakeServer,
  options: { language?: Language; signedIn?: boolean } = {},
) {
  window.localStorage.clear();
  window.sessionStorage.clear();
  const pinia = createPinia();
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: App }] });
  const session = useSession(pinia);
  session.connect(() => Promise.resolve(server.factory()), window.localStorage);
  useDraft(pinia).connect(window.sessionStorage);
  if (options.signedIn !== false) await session.signIn({ kind: 'token', token: 'a-token' });
  const platform = new FakePlatform();
  const language = createPageLanguage(options.language ?? 'en', PAGE_TEXTS);
  const plugins = [pinia, router, language, createPagePlatform(platform)];
  const page = mount(App, { attachTo: document.body, global: { plugins } });
  await router.push('/');
  await flushPromises();
  return { page, session, router, platform };
}

/** For the tests of a file: `begin` gives each a fake server of its own, and `end` takes down the page that it opened. */
export function createPages() {
  let server = new FakeServer();
  let unmount = (): void => undefined;
  const begin = (): FakeServer => {
    server = new FakeServer();
    unmount = () => undefined;
    return server;
  };
  const openPage = async (options: Parameters<typeof mountPage>[1] = {}) => {
    const { page } = await mountPage(server, options);
    unmount = () => page.unmount();
    return page;
  };
  return { begin, openPage, end: () => unmount() };
}
