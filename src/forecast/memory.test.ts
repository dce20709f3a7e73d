import { describe, expect, it } from 'vitest';
import { MemoryError, requireMemory } from './memory.js';

describe('requireMemory', () => {
  const need = { expectedMemoryBytes: 3e9, freeMemoryBytes: 2e9, largestBatch: 40 };
  it('lets pass what fits', () => {
    expect(() => requireMemory({ ...need, freeMemoryBytes: 3e9 }, { action: 'search' })).not.toThrow();
  });
  it.each([
    ['search', 40, /^Cannot search: .* 2\.0 GB of memory, got about 3\.0 GB; the largest batch that does is 40 /],
    ['search', 0, /not even a batch of 1 would/],
    ['resume', 40, /^Cannot resume: .*; free some, or try it all the same with --force$/],
  ] as const)('refuses the rest: %s with %d', (action, largestBatch, message) => {
    expect(() => requireMemory({ ...need, largestBatch }, { action })).toThrow(MemoryError);
    expect(() => requireMemory({ ...need, largestBatch }, { action })).toThrow(message);
  });
});
