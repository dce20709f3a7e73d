import { describe, expect, it } from 'vitest';
import { MemoryError, requireDataMemory, requireMemory } from './memory.js';

describe('requireMemory', () => {
  const need = { expectedMemoryBytes: 3e9, freeMemoryBytes: 2e9, largestBatch: 40 };
  it('lets pass what fits', () => {
    expect(() => requireMemory({ ...need, freeMemoryBytes: 3e9 }, { action: 'search' })).not.toThrow();
  });
  it.each([
    ['search', 40, /^Cannot search: .* 2\.0 GB of memory, got about 3\.0 GB; the largest batch that does is 40 /],
    ['search', 0, /not even a batch of 1 would/],
    ['fit', 40, /^Cannot fit: .*; free some, or use smaller images \(--image-size\)$/],
    ['resume', 40, /^Cannot resume: .*; free some, or start it anyway with --force$/],
  ] as const)('refuses the rest: %s with %d', (action, largestBatch, message) => {
    expect(() => requireMemory({ ...need, largestBatch }, { action })).toThrow(MemoryError);
    expect(() => requireMemory({ ...need, largestBatch }, { action })).toThrow(message);
  });
});

describe('requireDataMemory', () => {
  const small = { images: 1000, largestSet: 800, imageSize: 32, channels: 3 };
  it('refuses pixels that cannot be in memory, with the size that could', () => {
    expect(() => requireDataMemory(small)).not.toThrow();
    const large = { images: 2_000_000, largestSet: 1_600_000, imageSize: 224, channels: 3 };
    expect(() => requireDataMemory(large)).toThrow(MemoryError);
    for (const force of [false, true])
      expect(() => requireDataMemory(large, { force })).toThrow(
        /^Cannot load data: pixels of one part must fit into \d+\.\d GB, got 240.8 GB \(2000000 images\); use fewer/,
      );
    const [, size] = /--image-size (\d+)/.exec(String(catchError(() => requireDataMemory(large)))) ?? [];
    expect(() =>
      requireDataMemory({ ...large, images: 1_600_000, imageSize: Number(size) }, { force: true }),
    ).not.toThrow();
  });

  it('goes by the memory that there is, unless forced', () => {
    process.env['TAILNAS_MEMORY'] = String(process.memoryUsage.rss() + 2e6);
    try {
      const many = { ...small, images: 100_000 };
      expect(() => requireDataMemory(small)).not.toThrow();
      expect(() => requireDataMemory(many)).toThrow(/must fit into 0\.0 GB of memory, got 0\.3 GB \(100000 images\)/);
      expect(() => requireDataMemory(many, { force: true })).not.toThrow();
    } finally {
      delete process.env['TAILNAS_MEMORY'];
    }
  });
});

const catchError = (of: () => void): unknown => {
  try {
    return of();
  } catch (error) {
    return error;
  }
};
