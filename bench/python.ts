import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs a script of bench/pytorch/ with the Python that has torch, and returns the JSON it prints. `TAILNAS_PYTHON` chooses the interpreter. */
export const python = (script: string, args: readonly string[] = []): Record<string, unknown> => {
  const command = process.env.TAILNAS_PYTHON ?? 'python3';
  const file = fileURLToPath(new URL(`pytorch/${script}`, import.meta.url));
  try {
    return JSON.parse(execFileSync(command, [file, ...args], { encoding: 'utf8' }));
  } catch (error) {
    throw new Error(
      `Cannot run ${script} with ${command}: it needs torch 2.13 (pip install torch==2.13.0 numpy), or name another Python in TAILNAS_PYTHON`,
      { cause: error },
    );
  }
};

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
