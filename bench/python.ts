import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs a script of bench/pytorch/ with the Python that has torch, and returns the JSON it prints. `TAILNAS_PYTHON` chooses the interpreter. */
export const python = (script: string, args: readonly string[] = []): Record<string, unknown> => {
  const command = process.env.TAILNAS_PYTHON ?? 'python3';
  const file = fileURLToPath(new URL(`pytorch/${script}`, import.meta.url));
  const { status, stdout, stderr, error } = spawnSync(command, [file, ...args], { encoding: 'utf8' });
  if (status === 0) return JSON.parse(stdout);
  const said = error?.message ?? stderr.trim().split('\n').at(-1);
  console.error(
    `Cannot run ${script} with ${command}: ${said}. It needs torch 2.13 and numpy; name a Python that has them in TAILNAS_PYTHON`,
  );
  process.exit(1);
};

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
