import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Env } from './paths.js';

/** A page that lists files: an index has a page per package below its address, a list of links is a page itself. */
export interface Place {
  readonly kind: 'index' | 'links';
  /** http(s):, file:, or a path. */
  readonly at: string;
}

type Settings = ReadonlyMap<string, string>;

const PYPI = 'https://pypi.org/simple';

/** The folders of https://pip.pypa.io/en/stable/topics/configuration/, a later file having the last word. */
const configFiles = (env: Env): string[] => {
  if (env['PIP_CONFIG_FILE'] === '/dev/null') return [];
  const home = env['HOME'] || homedir();
  const mac = process.platform === 'darwin';
  const support = 'Library/Application Support/pip/pip.conf';
  const shared = (env['XDG_CONFIG_DIRS'] || '/etc/xdg').split(':').filter(Boolean).reverse();
  return [
    ...(mac ? [join('/', support)] : shared.map((folder) => join(folder, 'pip/pip.conf'))),
    '/etc/pip.conf',
    join(home, '.pip/pip.conf'),
    join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'pip/pip.conf'),
    ...(mac ? [join(home, support)] : []),
    ...(env['VIRTUAL_ENV'] ? [join(env['VIRTUAL_ENV'], 'pip.conf')] : []),
    ...(env['PIP_CONFIG_FILE'] ? [env['PIP_CONFIG_FILE']] : []),
  ];
};

/** The lines of an INI file that `pip download` heeds: those of [global], then those of [download]. */
const parse = (text: string): Settings => {
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  let last = '';
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const [, name] = /^\[(.+)\]\s*$/.exec(line) ?? [];
    const [, key, value = ''] = /^([^\s=:][^=:]*?)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) {
      section = sections.get(name) ?? new Map();
      sections.set(name, section);
    } else if (key !== undefined && !/^\s/.test(line)) {
      last = key.toLowerCase().replaceAll('_', '-');
      section.set(last, value);
    } else section.set(last, `${section.get(last) ?? ''}\n${line.trim()}`);
  }
  return new Map([...(sections.get('global') ?? []), ...(sections.get('download') ?? [])]);
};

const settingsOf = (env: Env): Settings => {
  const all = new Map<string, string>();
  for (const file of configFiles(env)) {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      continue;
    }
    for (const [key, value] of parse(text)) all.set(key, value);
  }
  for (const key of ['index-url', 'extra-index-url', 'find-links', 'no-index']) {
    const value = env[`PIP_${key.toUpperCase().replaceAll('-', '_')}`];
    if (value) all.set(key, value);
  }
  return all;
};

const isOff = (settings: Settings): boolean => /^(1|true|yes|on)$/i.test(settings.get('no-index') ?? '');

/** Whether pip is told to ask no index: on a machine without a network. */
export const pipHasNoIndex = (env: Env): boolean => isOff(settingsOf(env));

/**
 * Where pip would look for a package, in the order in which we do: from its files of settings and its variables, so
 * that mirrors serve without Python. https://pip.pypa.io/en/stable/cli/pip_download/
 */
export const pipPlaces = (env: Env): Place[] => {
  const settings = settingsOf(env);
  const listed = (key: string) => (settings.get(key) ?? '').split(/\s+/).filter(Boolean);
  const links = listed('find-links').map((at): Place => ({ kind: 'links', at }));
  if (isOff(settings)) return links;
  const indexes = [settings.get('index-url')?.trim() || PYPI, ...listed('extra-index-url')];
  return [...links, ...indexes.map((at): Place => ({ kind: 'index', at }))];
};
