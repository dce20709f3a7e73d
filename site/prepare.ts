import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { commandPage, commandsPage, loadCommands } from './commands.js';
import type { Page } from './examples.js';
import { rewrite, titleOf } from './markdown.js';
import { api, type Group, groups, linkOf, pageOf } from './site-map.js';

/** An item of VitePress' sidebar. */
interface Item {
  readonly text: string;
  readonly link?: string;
  readonly items?: readonly Item[];
  readonly collapsed?: boolean;
}

const site = import.meta.dirname;
const root = resolve(site, '..');
export const pagesFolder = join(site, 'pages');

/** The pages of the repository that the site has: README.md is its front page. */
export const readPages = (): Page[] => {
  const named = groups.flatMap(({ entries }) => entries.map(({ file }) => file));
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const files = new Set(['README.md', ...named, ...docs.map((name) => `docs/${name}`)]);
  return [...files]
    .filter((file) => existsSync(join(root, file)))
    .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
};

const write = (page: string, text: string): void => {
  const path = join(pagesFolder, page);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

/** A section of the sidebar; none where it has no page. */
const section = (text: string, items: readonly Item[]): Item[] => (items.length === 0 ? [] : [{ text, items }]);

/** The sidebar: the pages that there are, and those in docs/ that nobody put into an order. */
const sidebarOf = (pages: readonly Page[], commands: readonly string[]): Item[] => {
  const there = new Set(pages.map(({ file }) => file));
  const named = new Set(groups.flatMap(({ entries }) => entries.map(({ file }) => file)));
  const more = pages.filter(({ file }) => file !== 'README.md' && !named.has(file));
  const itemsOf = ({ entries }: Group): Item[] =>
    entries
      .filter(({ file }) => there.has(file))
      .map(({ title, file }) => ({ text: title, link: linkOf(pageOf(file)) }));
  const [guides = [], ...others] = groups.map((group) => section(group.title, itemsOf(group)));
  const reference = section('Reference', [
    {
      text: 'Commands',
      link: '/commands/',
      collapsed: true,
      items: commands.map((name) => ({ text: name, link: `/commands/${name}` })),
    },
    { text: 'API', link: '/api/', collapsed: true, items: api.map((name) => ({ text: name, link: `/api/${name}` })) },
  ]);
  const rest = more.map(({ file, text }) => ({ text: titleOf(text), link: linkOf(pageOf(file)) }));
  return [guides, reference, ...others, section('More', rest)].flat();
};

/** Makes site/pages of the repository's pages and of the commands; TypeDoc adds the API. Returns links to nothing. */
export const prepare = async (pages: readonly Page[]): Promise<string[]> => {
  rmSync(pagesFolder, { recursive: true, force: true });
  const there = new Set(pages.map(({ file }) => file));
  const missing = pages.flatMap((page) => {
    const { text, shown, linked, missing } = rewrite(page, { root, pages: there });
    // Without headings there is nothing to list beside the page, which then has the room.
    write(pageOf(page.file), /^## /m.test(text) ? text : `---\naside: false\n---\n\n${text}`);
    // VitePress gives names to the pictures that stand beside a page; what is linked to keeps its own.
    for (const file of shown) cpSync(join(root, file), join(pagesFolder, pageOf(file)));
    for (const file of linked) cpSync(join(root, file), join(pagesFolder, 'public', pageOf(file)));
    return missing;
  });
  const commands = await loadCommands();
  write('commands/index.md', commandsPage(commands));
  for (const command of commands) write(`commands/${command.name()}.md`, commandPage(command));
  const sidebar = sidebarOf(
    pages,
    commands.map((command) => command.name()),
  );
  write('sidebar.json', JSON.stringify(sidebar));
  return missing;
};
