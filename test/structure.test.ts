import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
const product = sources.filter((file) => !file.endsWith('.test.ts'));
/** `src/net/shape.ts` → `net`; a file directly in src is a room of its own. */
const roomOf = (file: string): string => file.split('/')[1] ?? '';

// Which rooms a room may import from, besides itself; the command line may from all.
const LEARN = ['tensor', 'nn', 'space', 'net', 'loss', 'optim', 'schedule', 'data', 'augment'];
const LOOP = [...LEARN, 'learn', 'run'];
const EXPERIMENT = [...LOOP, 'label', 'loop', 'paper'];
const SESSION = [...EXPERIMENT, 'experiment', 'forecast', 'engine', 'figure'];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  label: [],
  run: [],
  paper: [],
  tensor: ['engine'],
  nn: ['tensor'],
  schedule: ['label'],
  data: ['label'],
  optim: ['tensor'],
  loss: ['tensor', 'nn', 'label'],
  space: ['tensor', 'nn', 'label'],
  net: ['tensor', 'nn', 'space', 'label'],
  augment: ['tensor', 'nn', 'data', 'label'],
  learn: LEARN,
  loop: LOOP,
  experiment: EXPERIMENT,
  forecast: [...EXPERIMENT, 'experiment'],
  session: SESSION,
  export: [...SESSION, 'session', 'measure', 'page'],
  measure: ['run', 'schedule', 'paper', 'label'],
  figure: ['run', 'schedule', 'paper', 'measure'],
  log: ['run', 'measure'],
  page: ['run', 'schedule', 'paper', 'measure', 'figure', 'label'],
  fit: [...SESSION, 'session', 'measure', 'figure', 'page'],
  reproduce: [...SESSION, 'session', 'measure', 'figure', 'page'],
};

const importsOf = (file: string): string[] =>
  [...read(file).matchAll(/(?:\bfrom|\bimport\(?)\s*'(\.[^']*)'/g)].map(([, path = '']) =>
    posix.join(posix.dirname(file), path).replace(/\.js$/, '.ts'),
  );

/** Code without comments and strings, so that prose cannot be mistaken for it. */
const codeOf = (file: string): string =>
  read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/gm, '');

describe('the source', () => {
  it('has rooms whose imports go one way', () => {
    const wrong = product.flatMap((file) =>
      importsOf(file).flatMap((target) => {
        if (!existsSync(join(root, target))) return [`${file} imports ${target}, which does not exist`];
        const [from, to] = [roomOf(file), roomOf(target)];
        const allowed = from === to || from === 'cli' || from.endsWith('.ts') || MAY_IMPORT[from]?.includes(to);
        return allowed ? [] : [`${file} imports ${target}`];
      }),
    );
    expect(wrong).toEqual([]);
    const rooms = new Set(product.map(roomOf).filter((room) => !room.endsWith('.ts') && room !== 'cli'));
    expect([...rooms].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
    expect(product.map(roomOf).filter((room) => room.endsWith('.ts'))).toEqual(
      ['index.ts'].filter((f) => existsSync(join(root, 'src', f))),
    );
  });

  it('has an engine folder that imports nothing but itself and node', () => {
    const outside = product
      .filter((file) => file.startsWith('src/engine/'))
      .flatMap((file) => importsOf(file).filter((target) => !target.startsWith('src/engine/')));
    expect(outside).toEqual([]);
  });

  it('has no file over 300 lines', () => {
    expect(sources.filter((file) => read(file).split('\n').length > 301)).toEqual([]);
  });

  it('has no line over 120 columns', () => {
    const wide = sources.flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, i) => ([...line].length > 120 ? [`${file}:${i + 1}`] : [])),
    );
    expect(wide).toEqual([]);
  });

  it('has no `any`, no cast outside src/tensor, no non-null assertion', () => {
    const offences = product.flatMap((file) => {
      const code = codeOf(file).replace(
        /\bimport\s*\*\s*as\b|\bas const\b|[{,]\s*(?:type\s+)?\w+ as \w+|export \* as/g,
        '',
      );
      const rules: [string, RegExp][] = [
        ['any', /[:<]\s*any\b|\bany\[\]/],
        ['non-null', /[\w)\]]!(?=[.;,)\]])/],
      ];
      if (!file.startsWith('src/tensor/')) rules.push(['cast', /\bas\s+[A-Za-z{[(]/]);
      return rules.filter(([, rule]) => rule.test(code)).map(([name]) => `${file}: ${name}`);
    });
    expect(offences).toEqual([]);
  });
});

describe('the repository', () => {
  it('names no folder of a machine that it was made on', () => {
    const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
      .split('\0')
      .filter(Boolean);
    const foreign = /(?<![\w.~$}-])\/(?:work|opt|home|root|tmp|Users)\/[\w.-]+/;
    const offences = tracked
      .filter(
        (file) => existsSync(join(root, file)) && !file.startsWith('docs/paper') && file !== 'test/structure.test.ts',
      )
      .filter((file) => /\.(?:ts|cc|h|py|json|md|cff|yml)$/.test(file))
      .flatMap((file) => {
        const found = foreign.exec(read(file));
        return found === null ? [] : [`${file}: ${found[0]}`];
      });
    expect(offences).toEqual([]);
  });
});
