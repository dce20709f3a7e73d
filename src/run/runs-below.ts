import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The runs that a path stands for: itself, or those of a reproduction or a sweep, which has them in `runs/`. */
export const runsBelow = (path: string): readonly string[] => {
  const runs = join(path, 'runs');
  if (existsSync(join(path, 'run.json')) || !existsSync(runs)) return [path];
  const found = readdirSync(runs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(runs, entry.name, 'run.json')))
    .map(({ name }) => join(runs, name));
  return found.length === 0 ? [path] : found.sort();
};
