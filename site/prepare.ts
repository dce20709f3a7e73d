import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { commandPage, commandsPage, loadCommands } from './commands.js';
import { examplesOf, type Page, typeErrors } from './examples.js';
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

/** The sidebar: the pages that there are, and those in docs/ that nobody put into an order. */
const sidebarOf = (pages: readonly Page[], commands: readonly string[]): Item[] => {
  const there = new Set(pages.map(({ file }) => file));
  const named = new Set(groups.flatMap(({ entries }) => entries.map(({ file }) => file)));
  const more = pages.filter(({ file }) => file !== 'README.md' && !named.has(file));
  const itemsOf = ({ entries }: Group): Item[] =>
    entries.filter(({ file }) => there.has(file)).map(({ title, file }) => ({ text: title, link: linkOf(pageOf(file)) }));
  const [guides, ...others] = groups.map((group): Item => ({ text: group.title, items: itemsOf(group) }));
  const reference: Item = {
    text: 'Reference',
    items: [
      {
        text: 'Commands',
        link: '/commands/',
        collapsed: true,
        items: commands.map((name) => ({ text: name, link: `/commands/${name}` })),
      },
      { text: 'API', link: '/api/', collapsed: true, items: api.map((name) => ({ text: name, link: `/api/${name}` })) },
    ],
  };
  const rest: Item = {
    text: 'More',
    items: more.map(({ file, text }) => ({ text: titleOf(text), link: linkOf(pageOf(file)) })),
  };
  return [guides, reference, ...others, rest].filter((item) => item !== undefined && item.items?.length !== 0) as Item[];
};

/** Throws when an example has a type error: page, line and reason. */
export const checkExamples = (pages: readonly Page[]): void => {
  const errors = typeErrors(pages.flatMap(examplesOf));
  if (errors.length > 0) throw new Error(`Cannot build the site: examples have type errors\n${errors.join('\n')}`);
};

/** Makes site/pages of the repository's pages and of the commands; TypeDoc adds the API. Returns links to nothing. */
export const prepare = async (pages: readonly Page[]): Promise<string[]> => {
  rmSync(pagesFolder, { recursive: true, force: true });
  const there = new Set(pages.map(({ file }) => file));
  const missing = pages.flatMap((page) => {
    const { text, files, missing } = rewrite(page, { root, pages: there });
    write(pageOf(page.file), text);
    for (const file of files) {
      // Beside the page for VitePress, which gives pictures names by their contents; and where a link finds them.
      cpSync(join(root, file), join(pagesFolder, pageOf(file)));
      cpSync(join(root, file), join(pagesFolder, 'public', pageOf(file)));
    }
    return missing;
  });
  const commands = await loadCommands();
  write('commands/index.md', commandsPage(commands));
  for (const command of commands) write(`commands/${command.name()}.md`, commandPage(command));
  const sidebar = sidebarOf(pages, commands.map((command) => command.name()));
  write('sidebar.json', JSON.stringify(sidebar));
  return missing;
};
