import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { style } from '../page/style.js';
import { ownStyle } from './own-style.js';
import { shell } from './shell.js';

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  content(): string;
}

const require = createRequire(import.meta.url);
const SCRIPTS = [
  ...(['page', 'state', 'runs-table', 'details', 'charts', 'class-chart', 'schedules-chart', 'alpha-chart'] as const),
  ...(['dom', 'format', 'sizes'] as const),
];

const HTML = 'text/html; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** Read when first asked for: the page starts without them. */
const read = (file: () => string): (() => string) => {
  let content: string | undefined;
  return () => {
    content ??= readFileSync(file(), 'utf8');
    return content;
  };
};

const own = (name: string) => read(() => fileURLToPath(new URL(`./browser/${name}.js`, import.meta.url)));
const plot = () => require.resolve('@observablehq/plot');

/** All files that there are, by address: no other is read because of one. */
export const pageFiles: ReadonlyMap<string, PageFile> = new Map([
  ['/', { type: HTML, content: () => shell }],
  ['/style.css', { type: STYLE, content: () => style + ownStyle }],
  ['/plot.js', { type: SCRIPT, content: read(() => join(dirname(plot()), '../dist/plot.umd.min.js')) }],
  [
    '/d3.js',
    { type: SCRIPT, content: read(() => join(dirname(createRequire(plot()).resolve('d3')), '../dist/d3.min.js')) },
  ],
  ...SCRIPTS.map((name) => [`/${name}.js`, { type: SCRIPT, content: own(name) }] satisfies [string, PageFile]),
]);
