import { defineConfig } from 'vitest/config';
import { pageDefines, pagePlugins } from './vite.config.ts';

export default defineConfig({
  root: import.meta.dirname,
  plugins: pagePlugins(),
  define: pageDefines,
  test: {
    name: 'web',
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    css: false,
    server: { deps: { inline: ['element-plus'] } },
  },
});
