import { existsSync, statSync } from 'node:fs';
import { extname, join, posix } from 'node:path';
import { BASE, pageOf, REPOSITORY } from './site-map.js';

const PICTURES = new Set(['.png', '.svg', '.jpg', '.webp']);

export interface Rewritten {
  readonly text: string;
  /** Pictures that the page shows, and files that it links to, relative to the repository: they go into the site. */
  readonly shown: readonly string[];
  readonly linked: readonly string[];
  /** Targets that do not exist. */
  readonly missing: readonly string[];
}

/**
 * A page of the repository as one of the site. Links to other pages stay links; pictures and reports go along; of other
 * files the path is named, or linked to where the repository can be read. `pages` are the files that are pages.
 */
export const rewrite = (
  { file, text }: { file: string; text: string },
  { root, pages }: { root: string; pages: ReadonlySet<string> },
): Rewritten => {
  const shown: string[] = [];
  const linked: string[] = [];
  const missing: string[] = [];
  const here = posix.dirname(pageOf(file));

  const link = (whole: string, image: string, label: string, to: string, anchor: string): string => {
    if (/^[a-z]+:/.test(to) || to === '') return whole;
    const target = posix.join(posix.dirname(file), to);
    if (pages.has(target)) return `[${label}](${posix.relative(here, pageOf(target)) || 'index.md'}${anchor})`;
    if (!existsSync(join(root, target))) {
      missing.push(`${file}: ${target}`);
      return label;
    }
    const place = pageOf(target);
    if (image === '!') {
      shown.push(target);
      return `![${label}](./${posix.relative(here, place)})`;
    }
    if (extname(target) === '.html' || PICTURES.has(extname(target))) {
      linked.push(target);
      // A target of its own says that this is no page.
      return `[${label}](${BASE}${place}){target="_self"}`;
    }
    const kind = statSync(join(root, target)).isDirectory() ? 'tree' : 'blob';
    if (REPOSITORY !== undefined) return `[${label}](${REPOSITORY}/${kind}/main/${target}${anchor})`;
    const path = target.replace(/\/$/, '');
    const same = [path, posix.basename(path)].includes(label.replaceAll('`', ''));
    return same ? `\`${path}\`` : `${label} (\`${path}\`)`;
  };

  // Code is left alone.
  const parts = text
    .split(/(^```[\s\S]*?^```$)/m)
    .map((part, i) =>
      i % 2 === 1
        ? part
        : part.replace(
            /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)#\s]*)(#[^)\s]*)?\)/g,
            (whole, image, label, to, anchor = '') => link(whole, image, label, to, anchor),
          ),
    );
  return { text: parts.join(''), shown, linked, missing };
};

/** The first heading of a page, without marks. */
export const titleOf = (text: string): string => /^# (.+)$/m.exec(text)?.[1]?.replace(/[`*]/g, '') ?? '';
