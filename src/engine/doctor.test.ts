import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diagnose } from './doctor.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tailnas-doctor-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const named = (checks: ReturnType<typeof diagnose>['checks']) => new Map(checks.map((check) => [check.name, check]));

describe('diagnose', () => {
  it('reports a machine that has nothing, without throwing', () => {
    const sourceDir = join(root, 'absent');
    const checks = named(diagnose({ env: { PATH: root, TAILNAS_CACHE: join(root, 'cache') }, sourceDir }).checks);
    expect([...checks.values()].filter(({ ok }) => !ok).map(({ name }) => name)).toEqual([
      'compiler',
      'libtorch',
      'engine',
    ]);
    expect(checks.get('python')?.detail).toBe('python3: not found (not needed: libtorch is fetched without it)');
    expect(checks.get('libtorch')?.detail).toContain('has no lib/');
    expect(checks.get('engine')?.detail).toContain(`${sourceDir} cannot be read`);
    expect(checks.get('cache')?.detail).toContain('0.00 GiB');
  });

  it('shows a broken LIBTORCH', () => {
    const checks = named(diagnose({ env: { PATH: root, TAILNAS_CACHE: root, LIBTORCH: root } }).checks);
    expect(checks.get('libtorch')).toMatchObject({ ok: false });
    expect(checks.get('libtorch')?.detail).toContain(`Cannot use LIBTORCH: ${root} has no lib/`);
  });

  it('survives a cache that is a file', () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    expect(named(diagnose({ env: { PATH: root, TAILNAS_CACHE: file } }).checks).get('cache')?.ok).toBe(false);
  });
});
