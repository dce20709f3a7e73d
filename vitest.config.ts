import { defineConfig } from 'vitest/config';

/** `unit` sits beside its file and needs seconds; `whole` spans rooms: parity, kill and resume, the command line, leaks. */
export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts'] } },
      { extends: true, test: { name: 'whole', include: ['test/**/*.test.ts'], testTimeout: 300_000 } },
    ],
  },
});
