import vue from '@vitejs/plugin-vue';
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers';
import components from 'unplugin-vue-components/vite';
import { defineConfig, type PluginOption } from 'vite';

/** Plugins of the page, shared by build, tests and the development server. */
export function pagePlugins(): PluginOption[] {
  return [
    vue(),
    components({ dirs: [], dts: false, resolvers: [ElementPlusResolver({ importStyle: 'css' })] }),
  ];
}

/** Feature switches of vue. */
export const pageDefines = {
  __VUE_OPTIONS_API__: 'true',
  __VUE_PROD_DEVTOOLS__: 'false',
  __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
};

export default defineConfig({
  base: '/client/',
  plugins: pagePlugins(),
  define: pageDefines,
  // Development against a server that runs beside it: `npx vite` here, Comfleet at its usual address.
  server: { proxy: { '/api': { target: 'http://127.0.0.1:8000', ws: true } } },
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Inlined data: urls in CSS and the module preload polyfill would both break the page's CSP.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
