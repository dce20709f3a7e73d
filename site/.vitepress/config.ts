import { readFileSync } from 'node:fs';
import { type DefaultTheme, defineConfig } from 'vitepress';
import { BASE, REPOSITORY } from '../site-map.js';
import { unbrokenFlags, unbrokenWords } from './code.js';
import { formulas } from './formulas.js';

const sidebar: DefaultTheme.SidebarItem[] = JSON.parse(
  readFileSync(new URL('../pages/sidebar.json', import.meta.url), 'utf8'),
);
// A tail, as on the front page: its head in blue.
const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><g fill="#1d5a9e"><path d="M1 1h3v14H1z"/>' +
  '<path d="M5 7h3v8H5z"/><path d="M9 11h3v4H9z"/><path d="M13 13h3v2h-3z"/></g></svg>';

export default defineConfig({
  title: 'tailnas',
  description: 'From a folder of imbalanced images to a network that works on the rare classes too.',
  lang: 'en',
  base: BASE,
  srcDir: 'pages',
  outDir: '../build/site',
  // The page of tailnas/advanced is large; nobody waits for it elsewhere.
  vite: { build: { chunkSizeWarningLimit: 2000 } },
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    codeTransformers: [unbrokenFlags],
    config: (md) => {
      md.use(formulas).use(unbrokenWords);
      // A wide table scrolls in a box of its own, by keyboard too.
      md.renderer.rules['table_open'] = () =>
        '<div class="scroll" role="region" aria-label="Table" tabindex="0"><table>\n';
      md.renderer.rules['table_close'] = () => '</table></div>\n';
    },
  },
  themeConfig: {
    sidebar,
    outline: [2, 3],
    search: {
      provider: 'local',
      // Guides come before signatures.
      options: { miniSearch: { searchOptions: { boostDocument: (id: string) => (id.startsWith('/api/') ? 0.2 : 1) } } },
    },
    ...(REPOSITORY === undefined ? {} : { socialLinks: [{ icon: 'github', link: REPOSITORY }] }),
  },
});
