import { createPinia } from 'pinia';
import { createApp } from 'vue';
import { createRouter, createWebHistory } from 'vue-router';
import App from './App.vue';
import {
  chooseLanguage,
  createPageLanguage,
  keepLanguage,
  loadLanguage,
  loadTexts,
} from './i18n/language.ts';
import { browserPlatform, createPagePlatform } from './platform/page-platform.ts';
import { takeArrival } from './sign-in-code.ts';
import { useDraft } from './stores/draft.ts';
import { TOKEN_KEY, useSession } from './stores/session.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/element.css';

/** The client of the server, with its parsers, comes beside the first paint. */
const loadApi = async () => (await import('./api/comfleet-api.ts')).createApiFactory(window.location.origin);

/** A page that stays open counts as a visit. */
const RENEW_MS = 6 * 3_600_000;

const language = chooseLanguage(loadLanguage(window.localStorage), navigator.languages);
keepLanguage(window.localStorage, language);

const arrival = takeArrival(window.location, window.history);
const pinia = createPinia();
// One page: the address says which picture is open, so that "back" closes it and a link opens it.
const router = createRouter({
  history: createWebHistory('/client/'),
  routes: [{ path: '/:rest(.*)*', name: 'create', component: App }],
});

const platform = createPagePlatform(browserPlatform);
const app = createApp(App).use(pinia).use(router).use(platform);
const session = useSession(pinia);
session.connect(loadApi, window.localStorage);
window.addEventListener('storage', ({ key, newValue }) => {
  // Without a key everything was cleared.
  if (key === TOKEN_KEY || key === null) session.follow(newValue);
});
browserPlatform.every(RENEW_MS, () => void session.renew());
useDraft(pinia).connect(window.sessionStorage);

void (arrival === null
  ? session.resume()
  : arrival.kind === 'code'
    ? session.signIn(arrival)
    : session.refuse(arrival.error));
void loadTexts(language).then((texts) => app.use(createPageLanguage(language, texts)).mount('#app'));
