import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Place } from './pip-config.js';

/** A file that an index or a list of links offers. */
export interface Link {
  readonly file: string;
  /** http(s): or file:, without a fragment and without a password. */
  readonly url: string;
  /** Hex, where the page says it. */
  readonly sha256?: string;
  /** For asking for the file: the password that its index takes. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Milliseconds for a page of a few hundred lines. */
const PATIENCE = 15_000;

const ACCEPT = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1';

const isWeb = (at: string) => /^https?:/i.test(at);

/** For messages: an address without the name and password in it. */
export const shownAddress = (at: string): string => {
  if (!isWeb(at)) return at;
  const url = new URL(at);
  url.username = '';
  url.password = '';
  return url.href;
};

/** `fetch` refuses addresses with a password, which indexes of companies have. */
const authorised = (at: string): { url: string; headers: Record<string, string> } => {
  const url = new URL(at);
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const headers: Record<string, string> =
    pair === ':' ? {} : { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
  return { url: shownAddress(at), headers };
};

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', quot: '"', lt: '<', gt: '>', '#39': "'", '#43': '+' };

const attribute = (tag: string, name: string): string | undefined => {
  const [, double, single] = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'i').exec(tag) ?? [];
  return (double ?? single)?.replace(/&(#?\w+);/g, (whole, entity: string) => ENTITIES[entity] ?? whole);
};

interface Page {
  readonly text: string;
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
}

const linkTo = (href: string, { base, headers }: Page): Link => {
  const url = new URL(href, base);
  const [, sha256] = /sha256=([0-9a-f]{64})/i.exec(url.hash) ?? [];
  url.hash = '';
  const file = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
  const own = url.host === new URL(base).host ? headers : {};
  return { file, url: url.href, headers: own, ...(sha256 && { sha256: sha256.toLowerCase() }) };
};

/** PEP 503: anchors, the hash being the fragment. What was withdrawn (PEP 592) is left out. */
const fromHtml = (page: Page): Link[] =>
  [...page.text.matchAll(/<a\s[^>]*>/gi)].flatMap(([tag]) => {
    const href = attribute(tag, 'href');
    return href === undefined || /\sdata-yanked/i.test(tag) ? [] : [linkTo(href, page)];
  });

/** PEP 691: the same as JSON. */
const fromJson = (page: Page): Link[] => {
  const value: unknown = JSON.parse(page.text);
  if (typeof value !== 'object' || value === null || !('files' in value) || !Array.isArray(value.files)) return [];
  return value.files.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null || !('url' in entry) || typeof entry.url !== 'string') return [];
    if ('yanked' in entry && entry.yanked) return [];
    const hashes = 'hashes' in entry ? entry.hashes : undefined;
    const hash = typeof hashes === 'object' && hashes !== null && 'sha256' in hashes ? hashes.sha256 : undefined;
    return [linkTo(typeof hash === 'string' ? `${entry.url}#sha256=${hash}` : entry.url, page)];
  });
};

const fromWeb = async (at: string): Promise<Link[]> => {
  const { url, headers } = authorised(at);
  const response = await fetch(url, { headers: { ...headers, accept: ACCEPT }, signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`.trimEnd());
  const page = { text: await response.text(), base: response.url || url, headers };
  return /json/.test(response.headers.get('content-type') ?? '') ? fromJson(page) : fromHtml(page);
};

const fromDisk = ({ kind, at }: Place, name: string): Link[] => {
  const path = /^file:/i.test(at) ? fileURLToPath(at) : resolve(at);
  const page = kind === 'index' ? join(path, name, 'index.html') : path;
  if (kind === 'index' || !statSync(page).isDirectory())
    return fromHtml({ text: readFileSync(page, 'utf8'), base: pathToFileURL(page).href, headers: {} });
  return readdirSync(page).map((file) => ({ file, url: pathToFileURL(join(page, file)).href, headers: {} }));
};

/** The files of the package `name` that a place offers. Throws when it cannot be read. */
export const readLinks = async (place: Place, name: string): Promise<Link[]> => {
  if (!isWeb(place.at)) return fromDisk(place, name);
  return fromWeb(place.kind === 'index' ? `${place.at.replace(/\/+$/, '')}/${name}/` : place.at);
};
