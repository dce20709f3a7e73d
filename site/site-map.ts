/** Where the repository can be read, such as `https://github.com/<owner>/tailnas`; while it is nowhere, files are named only. */
export const REPOSITORY: string | undefined = undefined;

/** The path that the site has on its host: `/`, or `/tailnas/` below another site. */
export const BASE = '/';

export interface Entry {
  readonly title: string;
  /** The page's file in the repository. A page that is not there yet is left out. */
  readonly file: string;
}

export interface Group {
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** The pages in the order of the sidebar; pages in docs/ that are not named here follow under "More". */
export const groups: readonly Group[] = [
  {
    title: 'Guides',
    entries: [
      { title: 'Get a model from your folder', file: 'docs/folder.md' },
      { title: 'Reproduce the paper', file: 'docs/paper.md' },
      { title: 'Search methods', file: 'docs/methods.md' },
      { title: 'Add your own', file: 'docs/own.md' },
      { title: 'On a cluster', file: 'docs/cluster.md' },
      { title: 'Watch and report', file: 'docs/watch.md' },
      { title: 'Export and deploy', file: 'docs/export.md' },
      { title: 'libtorch for TypeScript', file: 'docs/tensor.md' },
    ],
  },
  {
    title: 'Good to know',
    entries: [
      { title: 'Install', file: 'docs/install.md' },
      { title: 'Data', file: 'docs/data.md' },
      { title: 'Other formats', file: 'docs/formats.md' },
      { title: 'From TypeScript', file: 'docs/library.md' },
      { title: 'On a GPU', file: 'docs/gpu.md' },
    ],
  },
  {
    title: 'Evidence',
    entries: [
      { title: 'Results', file: 'docs/results/README.md' },
      { title: 'Measured', file: 'docs/measured.md' },
      { title: 'Details that change results', file: 'docs/details.md' },
      { title: 'Operators that end the process', file: 'docs/operators.md' },
    ],
  },
  {
    title: 'The project',
    entries: [
      { title: 'Architecture', file: 'ARCHITECTURE.md' },
      { title: 'Contributing', file: 'CONTRIBUTING.md' },
      { title: 'Log', file: 'LOG.md' },
    ],
  },
];

/** The entry points of the package, as TypeDoc calls their pages. */
export const api = ['tailnas', 'tailnas/advanced', 'tailnas/tensor', 'tailnas/report'] as const;

/** The page of the site for a file of the repository: `docs/results/README.md` → `results/index.md`. */
export const pageOf = (file: string): string =>
  file
    .replace(/^docs\//, '')
    .replace(/^[A-Z]+\.md$/, (name) => name.toLowerCase())
    .replace(/(^|\/)readme\.md$/i, '$1index.md');

/** The link of the sidebar to a page: `results/index.md` → `/results/`. */
export const linkOf = (page: string): string => `/${page.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')}`;
