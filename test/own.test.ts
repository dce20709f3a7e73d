import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, type Cli } from './support/cli.js';
import { writeImages } from './support/images.js';

const page = readFileSync(join(resolve(import.meta.dirname, '..'), 'docs', 'own.md'), 'utf8');
const SMALL = /`(--data images [^`]+)`/.exec(page)?.[1] ?? '';
// Each section has a module and the commands that use it.
const examples = [...page.matchAll(/^## (.+)\n[\s\S]*?```js\n([\s\S]*?)```\n\n```sh\n([\s\S]*?)```/gm)].map((m) => ({
  title: m[1] ?? '',
  code: m[2] ?? '',
  commands: (m[3] ?? '').trim().split('\n'),
}));

/** The words of a command line, as a shell makes them of spaces and double quotes. */
const wordsOf = (command: string): string[] =>
  (command.replaceAll('$SMALL', SMALL).match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));

describe('the examples of docs/own.md', () => {
  let cli: Cli;
  beforeAll(async () => {
    cli = await buildCli();
    await writeImages(join(cli.folder, 'images', 'train'), { a: 24, b: 12, c: 6 });
    await writeImages(join(cli.folder, 'images', 'test'), { a: 3, b: 3, c: 3 });
    writeFileSync(join(cli.folder, 'package.json'), '{ "type": "module" }');
  }, 300_000);
  afterAll(() => cli?.dispose());

  it('are one for each seam', () => {
    expect(examples.map(({ title }) => title)).toEqual([
      'A loss',
      'A classifier',
      'A schedule',
      'A primitive, and a search space that has it',
      'A relaxation',
      'A selector',
      'An augmentation',
      'A stop rule',
      'A recipe, and a method',
      'A model',
      'A data source',
      'A figure',
    ]);
    expect(SMALL).not.toBe('');
  });

  it.each(examples)('$title: its commands run', async ({ code, commands }) => {
    rmSync(join(cli.folder, 'runs'), { recursive: true, force: true });
    writeFileSync(join(cli.folder, 'mine.mjs'), code);
    for (const command of commands) {
      const [npx, tailnas, ...words] = wordsOf(command);
      expect([npx, tailnas]).toEqual(['npx', 'tailnas']);
      const { code: exit, stdout, stderr } = await cli.run(words);
      expect(exit, stderr).toBe(0);
      expect(stdout.trim()).not.toBe('');
      expect(stdout).not.toMatch(/NaN|undefined/);
    }
  });
});
