import { defineConfig } from 'vitest/config';

/**
 * `unit` sits beside its file and needs seconds; `whole` spans rooms: parity, kill and resume, the command line, leaks;
 * `peers` has what we write read by programs of others, which it installs once.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default', './test/support/tally.ts'],
    // Two tests that each use all cores take longer than one after the other, and time limits then fail by chance.
    maxWorkers: 2,
    globalSetup: ['test/support/engine.ts'],
    env: { OMP_NUM_THREADS: '1' },
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts'], testTimeout: 60_000 } },
      {
        extends: true,
        test: { name: 'whole', include: ['test/*.test.ts'], testTimeout: 300_000 },
      },
      {
        extends: true,
        test: {
          name: 'peers',
          include: ['test/peers/*.test.ts'],
          testTimeout: 300_000,
          globalSetup: ['test/support/peers.ts'],
        },
      },
    ],
  },
});
