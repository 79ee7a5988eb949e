import { defineConfig, mergeConfig } from 'vite';
import page from '../../vite.config.ts';
import { mockServer } from './mock-server.ts';

// The page against a pretended server: `npx vite --config test/mock/vite.config.ts`, or `vite preview` after a build.
export default mergeConfig(
  page,
  defineConfig({ root: new URL('../..', import.meta.url).pathname, plugins: [mockServer()] }),
);
