import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Outcomes } from './kernels-worker.js';

const program = (name: string): string => fileURLToPath(new URL(`${name}.ts`, import.meta.url));

/** Runs a program beside this file with TAILNAS_KERNELS so set, or not set, and reads the JSON that it prints last. */
export const runWith = (name: string, kernels: string | undefined): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const { TAILNAS_KERNELS: _, ...env } = process.env;
    const child = spawn(process.execPath, ['--import', 'tsx', program(name)], {
      env: kernels === undefined ? env : { ...env, TAILNAS_KERNELS: kernels },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(text.trim().split('\n').at(-1) ?? ''));
      else reject(new Error(`${name} with TAILNAS_KERNELS=${kernels} ended with ${signal ?? code}`));
    });
  });

/** What all properties came to with an instruction set, or why they could not be tried. */
export const outcomesWith = async (variant: string): Promise<Outcomes | { lacking: string }> =>
  (await runWith('kernels-worker', variant)) as Outcomes | { lacking: string };
