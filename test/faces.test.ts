import { describe, expect, it } from 'vitest';
import * as advanced from '../src/advanced.js';
import * as face from '../src/index.js';
import * as report from '../src/page/index.js';
import * as tensor from '../src/tensor/index.js';

describe('what the package exports', () => {
  it('is about thirty names at the front, all of them in `tailnas/advanced` as well', () => {
    const names = Object.keys(face);
    expect(names.length).toBeLessThanOrEqual(35);
    for (const [name, value] of Object.entries(face)) expect(Reflect.get(advanced, name), name).toBe(value);
  });

  it('means one thing by one name, whatever it is imported from', () => {
    const [all, low, drawn] = [advanced, tensor, report].map((entry) => new Set(Object.keys(entry)));
    expect([...(low ?? [])].filter((name) => all?.has(name) || drawn?.has(name))).toEqual([]);
    expect([...(drawn ?? [])].filter((name) => all?.has(name))).toEqual([]);
  });
});
