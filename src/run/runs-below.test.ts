import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runsBelow } from './runs-below.js';

const root = mkdtempSync(join(tmpdir(), 'tailnas-below-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('the runs that a folder stands for', () => {
  it('are itself, or those of a sweep in order, links left out', () => {
    for (const name of ['sweep/runs/b', 'sweep/runs/a', 'sweep/runs/none', 'alone', 'elsewhere'])
      mkdirSync(join(root, name), { recursive: true });
    for (const name of ['sweep/runs/b', 'sweep/runs/a', 'alone', 'elsewhere'])
      writeFileSync(join(root, name, 'run.json'), '{}');
    symlinkSync(join(root, 'elsewhere'), join(root, 'sweep/runs/c'));
    expect(runsBelow(join(root, 'sweep'))).toEqual(['a', 'b'].map((name) => join(root, 'sweep/runs', name)));
    for (const name of ['alone', 'missing', 'sweep/runs/none'])
      expect(runsBelow(join(root, name))).toEqual([join(root, name)]);
  });
});
