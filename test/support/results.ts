import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resultsHash, unpackResults } from '../../scripts/results.js';

const build = fileURLToPath(new URL('../../build/', import.meta.url));

/** A folder with the run folders of docs/results, as <study>/runs/<run>: unpacked once, beside other outputs of a build. */
export const resultRuns = async (): Promise<string> => {
  const folder = join(build, `results-${resultsHash().slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(build, { recursive: true });
  const made = mkdtempSync(join(build, 'tmp-results-'));
  await unpackResults(made);
  try {
    renameSync(made, folder);
  } catch (error) {
    // Another test was first, which is as good.
    rmSync(made, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
};
