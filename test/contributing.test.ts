import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeImages } from './support/images.js';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
const SMALL = /`(--data images [^`]+)`/.exec(page)?.[1] ?? '';
// Each section has a module and the commands that use it.
const examples = [...page.matchAll(/^### (.+)\n[\s\S]*?```js\n([\s\S]*?)```\n\n```sh\n([\s\S]*?)```/gm)].map((m) => ({
  title: m[1] ?? '',
  code: m[2] ?? '',
  commands: (m[3] ?? '').trim().split('\n'),
}));

describe('the examples of CONTRIBUTING.md', () => {
  let folder = '';
  beforeAll(async () => {
    mkdirSync(join(root, 'build'), { recursive: true });
    folder = mkdtempSync(join(root, 'build', 'contributing-'));
    await writeImages(join(folder, 'images', 'train'), { a: 24, b: 12, c: 6 });
    await writeImages(join(folder, 'images', 'test'), { a: 3, b: 3, c: 3 });
    execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { cwd: root });
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are one for each seam', () => {
    expect(examples.map(({ title }) => title)).toEqual([
      'A loss',
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

  it.each(examples)('$title: its commands run', ({ code, commands }) => {
    rmSync(join(folder, 'runs'), { recursive: true, force: true });
    writeFileSync(join(folder, 'mine.js'), code);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    for (const command of commands) {
      expect(command).toMatch(/^npx tailnas /);
      const words = command.replace('npx tailnas', `"${process.execPath}" "${join(root, 'dist/cli/main.js')}"`);
      const out = execFileSync('bash', ['-c', words.replaceAll('$SMALL', SMALL)], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      expect(out.trim()).not.toBe('');
      expect(out).not.toMatch(/NaN|undefined/);
    }
  });
});
