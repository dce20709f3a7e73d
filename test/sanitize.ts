import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAddon } from '../src/engine/build.js';
import { ask } from '../src/engine/child.js';
import { findCompiler } from '../src/engine/compiler.js';
import { fetchTorch } from '../src/engine/fetch.js';
import { locateTorch } from '../src/engine/locate.js';
import { type Env, packageRoot } from '../src/engine/paths.js';
import { progressPrinter } from '../src/engine/progress.js';

// `npm run sanitize`: builds the engine with AddressSanitizer and UndefinedBehaviorSanitizer (g++ on Linux), beside the plain one, and runs
// the tests that reach into native/ with it. In that build every tensor and every piece of scratch memory is a block, or has forbidden bytes
// after it (native/exact_memory.h). Prints what the sanitizers report and ends with 1 if they report anything or a test fails.

const FLAGS = [
  '-fsanitize=address,undefined',
  '-fno-sanitize-recover=all', // the first finding ends the process, so no test can pass over it
  '-fno-omit-frame-pointer',
  '-g1',
];

const ASAN = {
  // A vector access is checked at its first and its last byte: no gap between blocks may be so small that one reaches across.
  redzone: 128,
  // Node and libtorch keep much until they end; leaks of tensors are test/leaks.test.ts.
  detect_leaks: 0,
  // Malformed calls ask for more memory than there is, which must come back as an error.
  allocator_may_return_null: 1,
};

const options = (from: Readonly<Record<string, string | number>>): string =>
  Object.entries(from)
    .map(([name, value]) => `${name}=${value}`)
    .join(':');

/** An environment whose engine is the sanitized one. The programs that load it must have loaded the sanitizer first. */
const sanitizedEnv = (reports: string): { building: Env; running: Env } => {
  const { command, args } = findCompiler(process.env);
  const library = (name: string): string => {
    const { output, failure } = ask(command, [...args, `-print-file-name=${name}`], { env: process.env });
    const path = output.trim();
    if (failure !== undefined || !path.startsWith('/'))
      throw new Error(`Cannot sanitize: ${command} must come with ${name}, got ${failure ?? path}`);
    return path;
  };
  const building = { ...process.env, CXX: [command, ...args, ...FLAGS].join(' ') };
  const running = {
    ...building,
    // libstdc++ as well: Node has its own, in which the sanitizer does not find what it replaces for exceptions.
    LD_PRELOAD: `${library('libasan.so')} ${library('libstdc++.so')}`,
    ASAN_OPTIONS: options({ ...ASAN, log_path: join(reports, 'address') }),
    UBSAN_OPTIONS: options({ print_stacktrace: 1 }), // its reports go to stderr, whatever it is told
  };
  return { building, running };
};

/** Each of these is a run of Vitest; the kernel tests try every instruction set on single operations themselves. */
const RUNS: readonly { what: string; args: readonly string[]; kernels?: string }[] = [
  { what: 'kernels', args: ['test/kernels.test.ts'] },
  ...['avx512', 'avx2', 'portable'].map((kernels) => ({
    what: `networks, ${kernels}`,
    args: ['test/kernels.test.ts', '-t', 'a whole network|repeats itself'],
    kernels,
  })),
  { what: 'tensors', args: ['src/tensor/tensor', 'src/tensor/scope', 'src/tensor/autograd', 'test/malformed.test.ts'] },
];

const run = (args: readonly string[], env: Env): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const vitest = join(packageRoot(), 'node_modules', 'vitest', 'vitest.mjs');
    const child = spawn(process.execPath, [vitest, 'run', ...args], { env, stdio: 'inherit', cwd: packageRoot() });
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });

/** What AddressSanitizer has written since the last time. A warning of memory that could not be had is none. */
const takeReports = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    rmSync(join(folder, name));
    return /ERROR: AddressSanitizer/.test(text) ? [text] : [];
  });

const reports = mkdtempSync(join(tmpdir(), 'tailnas-sanitize-'));
try {
  const { building, running } = sanitizedEnv(reports);
  const printer = progressPrinter(process.stderr);
  const torch =
    locateTorch({ env: building }).found ?? (await fetchTorch({ env: building, onProgress: printer.update }));
  await buildAddon(torch, { env: building, onProgress: printer.update });
  printer.end();
  for (const { what, args, kernels } of RUNS) {
    const began = performance.now();
    const passed = await run(args, kernels === undefined ? running : { ...running, TAILNAS_KERNELS: kernels });
    const found = takeReports(reports);
    for (const report of found) process.stderr.write(`\n${report}`);
    const clean = passed && found.length === 0;
    console.log(`${clean ? 'ok  ' : 'FAIL'}  ${what}, ${((performance.now() - began) / 1000).toFixed(0)} s`);
    if (!clean) process.exitCode = 1;
  }
} finally {
  rmSync(reports, { recursive: true });
}
