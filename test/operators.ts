import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { locateTorch } from '../src/engine/locate.js';
import { operatorNames } from './support/operators.js';

// `npx tsx test/operators.ts [--calls 60] [--only name] > table.md` calls every operator of libtorch with random
// arguments, in processes of their own (Linux), and prints a table of those that end the process: the signal, whether
// the last line said which operator it was, and the arguments. Ends with 1 where one was not named.

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '60' }, only: { type: 'string', multiple: true } },
});
const SECONDS_OF_CALL = 20;
const MEMORY_KB = 16_000_000; // of addresses: a call that asks for more must fail, not take the machine's
const CHILD = fileURLToPath(new URL('support/operators-child.ts', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'tailnas-operators-')); // some operators write files

interface Ended {
  /** The call under way, unless all came back. */
  readonly at?: { readonly name: string; readonly n: number };
  readonly how: string;
  readonly args: string;
  /** The operator that the last words name. */
  readonly named?: string | undefined;
  readonly stderr: string;
}

/** Makes the calls `first` to `last` of each operator, until one does not come back. */
const calls = (names: readonly string[], { first, last }: { first: number; last: number }): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const words = ['--import', 'tsx', CHILD, String(first), String(last), ...names];
    const child = spawn('sh', ['-c', `ulimit -c 0 -v ${MEMORY_KB}; exec "$@"`, 'sh', process.execPath, ...words], {
      env: { ...process.env, OMP_NUM_THREADS: '1', OPERATORS_SCRATCH: scratch },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let told = '';
    let stderr = '';
    let hangs = false;
    const kill = (): void => {
      hangs = true;
      child.kill('SIGKILL');
    };
    let timer = setTimeout(kill, 60_000);
    child.stdio[3]?.on('data', (chunk: Buffer) => {
      told = (told + chunk.toString()).slice(-5000);
      clearTimeout(timer);
      timer = setTimeout(kill, SECONDS_OF_CALL * 1000);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-5000);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const lines = told.trimEnd().split('\n');
      const args = lines.at(-1)?.startsWith('args ') ? lines.pop()?.slice('args '.length) : '';
      const [name = '', n = ''] = lines.at(-1)?.split(' ') ?? [];
      const how = hangs ? 'does not return' : (signal ?? `code ${code}`);
      const named = /tailnas: the process ends .*?(?:inside|after|operator of libtorch was) (\S+)(?:: |\.$)/m.exec(
        stderr,
      )?.[1];
      if (name === 'end' && code === 0) resolve({ how: 'ended', args: '', stderr });
      else resolve({ at: { name, n: Number(n) }, how, args: args ?? '', named, stderr });
    });
  });

const torch = locateTorch({ env: process.env }).found;
if (torch === undefined) throw new Error('Cannot call operators: libtorch must be set up; run `npm run setup`');
const all = operatorNames(torch.dir).filter((name) => values.only?.includes(name) ?? true);
const last = Number(values.calls) - 1;
const found: { name: string; how: string; named: boolean; args: string }[] = [];
const unexplained: string[] = [];
const again = new Set<string>();
let waiting = all;
while (waiting.length > 0) {
  const { at, how, stderr } = await calls(waiting, { first: 0, last });
  if (at === undefined) break;
  if (!waiting.includes(at.name)) throw new Error(`The calls ended before the first: ${how} ${stderr}`);
  // Once more by itself: what ends the process may be what an earlier call did to its memory.
  const alone = await calls([at.name], { first: at.n, last: at.n });
  if (alone.at !== undefined)
    found.push({ name: at.name, how: alone.how, named: alone.named === at.name, args: alone.args });
  else unexplained.push(`${at.name} ${at.n}: ${how}, not by itself`);
  process.stderr.write(`${at.name} ${at.n}: ${how}; alone ${alone.how} ${alone.named} ${alone.args}\n`);
  const stays = alone.at === undefined && !again.has(at.name);
  if (stays) again.add(at.name);
  waiting = waiting.slice(waiting.indexOf(at.name) + (stays ? 0 : 1));
}
rmSync(scratch, { recursive: true });

const shortened = (text: string): string => (text.length > 100 ? `${text.slice(0, 99)}…` : text);
process.stdout.write('| operator | ends with | named | for example with |\n|---|---|---|---|\n');
for (const { name, how, named, args } of found)
  process.stdout.write(`| \`${name}\` | ${how} | ${named ? 'yes' : 'no'} | \`${shortened(args)}\` |\n`);
process.stderr.write(`${all.length} operators, ${Number(values.calls)} calls each: ${found.length} end the process\n`);
for (const line of unexplained) process.stderr.write(`${line}\n`);
process.exitCode = found.some(({ how, named }) => how.startsWith('SIG') && !named) ? 1 : 0;
