import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { flagsOf } from '../src/reproduce/flags.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const NAMES =
  'fit search train resume evaluate predict export watch report log plot reproduce recipes doctor setup'.split(' ');

const isModule = (value: unknown): value is { command(): Command } =>
  typeof value === 'object' && value !== null && 'command' in value;
const commands = new Map<string, ReadonlySet<string>>();
for (const name of NAMES) {
  const module: unknown = await import(`../src/cli/${name}.ts`);
  if (!isModule(module)) throw new Error(`${name} has no command`);
  const flags = module.command().options.flatMap(({ long }) => long ?? []);
  commands.set(name, new Set([...flags, '--use', '--help']));
}
const has = (command: string, flag: string): boolean => commands.get(command)?.has(flag) === true;

interface Text {
  readonly file: string;
  readonly text: string;
}

/** Every piece of text that a file of the source may print, with `<value>` for what is put in. Comments are none. */
const textsOf = (file: string): Text[] => {
  const found: Text[] = [];
  const textOf = (node: ts.Node): string | undefined => {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isTemplateExpression(node))
      return node.head.text + node.templateSpans.map(({ literal }) => `<value>${literal.text}`).join('');
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
      const [left, right] = [textOf(node.left), textOf(node.right)];
      return left === undefined && right === undefined ? undefined : `${left ?? '<value>'}${right ?? '<value>'}`;
    }
    return undefined;
  };
  const visit = (node: ts.Node): void => {
    const text = textOf(node);
    if (text !== undefined) found.push({ file: relative(root, file), text });
    else ts.forEachChild(node, visit);
    if (ts.isTemplateExpression(node)) for (const span of node.templateSpans) visit(span.expression);
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true));
  return found;
};

// What is said to programs of others (compilers, pip, npm, tar, V8, Slurm), and styles of pages.
const OTHERS =
  /^src\/(?:engine|page)\/|^src\/(?:data\/(?:mnist|tar-members)|export\/demo-style|serve\/(?:own-style|small-heap)|reproduce\/slurm)\.ts$/;
const texts = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map((name) => join(root, 'src', name))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .flatMap(textsOf)
  .filter(({ file }) => !OTHERS.test(file));

const FLAG = /(?<![\w-])--[a-z][a-z-]*[a-z]/g;

/** Which commands say what stands in a file: each of them must have the flags that are named there. */
const SAID_BY: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^src\/experiment\/(?:train|classifier-stage|reweighting|network-options)\.ts$/, ['train']],
  [/^src\/experiment\/(?:search|method-rules)\.ts$/, ['search']],
  [/^src\/(?:loss|net)\//, ['search', 'train']],
  [/^src\/data\//, ['search', 'train', 'fit', 'reproduce']],
  [/^src\/fit\/budget\.ts$/, ['fit']],
  [/^src\/fit\/fit\.ts$|^src\/session\/resume\.ts$/, ['resume']],
  [/^src\/reproduce\//, ['reproduce']],
  [/^src\/serve\//, ['watch']],
  [/^src\/export\/(?:network|operators)\.ts$/, ['export']],
  ...NAMES.map((name) => [new RegExp(`^src/cli/${name}\\.ts$`), [name]] as const),
  [/^src\/cli\/(?:start|dry-run|data-of-run)\.ts$/, ['search', 'train']],
];
/** Flags in words about another command than the one that says them: how a run was made. */
const OF_OTHERS: Readonly<Record<string, readonly string[]>> = {
  'src/cli/evaluate.ts': ['--split'],
  'src/serve/planned.ts': ['--epochs'],
  'src/fit/fit.ts': ['--seed', '--recipe', '--search'],
  'src/reproduce/child.ts': ['--force', '--checkpoint-minutes'],
  'src/export/network.ts': ['--fit'],
  'src/cli/log.ts': ['--logdir'],
};
/** What a command passes on to another program. */
const PASSED_ON = / -- .*/g;
/** Flags of other programs, in examples that use them on what we write. */
const OF_PROGRAMS: readonly string[] = ['--logdir']; // tensorboard
/** A prefix of flags that are put together. */
const PREFIX = '--no';

describe('advice', () => {
  it('is found', () => {
    expect(texts.length).toBeGreaterThan(2000);
    expect(texts.filter(({ text }) => FLAG.test(text)).length).toBeGreaterThan(100);
  });

  it('names only flags that there are', () => {
    const all = new Set([...commands.values()].flatMap((flags) => [...flags]).concat('--version', OF_PROGRAMS));
    const unknown = texts.flatMap(({ file, text }) =>
      (text.replaceAll(PASSED_ON, '').match(FLAG) ?? [])
        .filter((flag) => !all.has(flag) && flag !== PREFIX)
        .map((flag) => `${file}: ${flag}`),
    );
    expect(unknown).toEqual([]);
  });

  it('names flags of the command that says it', () => {
    const wrong = texts.flatMap(({ file, text }) => {
      const by = SAID_BY.find(([files]) => files.test(file))?.[1] ?? [];
      // What is quoted as a whole command is of that command.
      const own = text.replaceAll(/\btailnas [a-z]+[^`\n]*/g, '');
      const flags = (own.match(FLAG) ?? []).filter((flag) => flag !== PREFIX && !OF_OTHERS[file]?.includes(flag));
      return flags.flatMap((flag) =>
        by.filter((command) => !has(command, flag)).map((command) => `${file}: ${command} has no ${flag}`),
      );
    });
    expect(wrong).toEqual([]);
  });

  it('spells whole commands as they can be typed', () => {
    const wrong: string[] = [];
    let seen = 0;
    for (const { file, text } of texts)
      for (const [whole, command = ''] of text.matchAll(/(?:`|\$ |: )tailnas ([a-z]+)\b[^`|\n]*/g)) {
        seen++;
        if (!commands.has(command)) wrong.push(`${file}: ${whole}`);
        for (const flag of whole.replaceAll(PASSED_ON, '').match(FLAG) ?? [])
          if (!has(command, flag)) wrong.push(`${file}: ${whole}`);
      }
    expect(seen).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  });

  it('spells options as their flags', () =>
    expect(flagsOf({ batchSize: 8, flip: false })).toEqual(['--batch-size', '8', '--no-flip']));
});

describe('what pages tell to type', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md']
    .concat(readdirSync(join(root, 'docs')).map((name) => join('docs', name)))
    .filter((name) => name.endsWith('.md'));
  const typed = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/^```\w*\n([\s\S]*?)^```/gm)]
      .flatMap(([, block = '']) => [...block.matchAll(/^(?:npx )?tailnas (\S+)([^#\n]*)/gm)])
      .map((m) => ({
        page,
        command: m[1] ?? '',
        flags: (m[2] ?? '').split(' -- ')[0]?.match(FLAG) ?? [],
      })),
  );

  it('are commands and flags that exist', () => {
    expect(typed.length).toBeGreaterThan(30);
    const wrong = typed.filter(({ command, flags }) => !flags.every((flag) => has(command, flag)));
    expect(wrong.map(({ page, command, flags }) => `${page}: ${command} ${flags.join(' ')}`)).toEqual([]);
    expect(typed.filter(({ command }) => !commands.has(command))).toEqual([]);
  });
});
