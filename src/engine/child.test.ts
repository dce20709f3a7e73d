import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { work } from './child.js';

const env = process.env;

describe('work', () => {
  it.each([false, true])('gives what a program said and how it ended; bound: %s', async (bound) => {
    const lines: string[] = [];
    const script = 'echo "$1"; echo two >&2; exit "$2"';
    const carryOut = (code: string) =>
      work('sh', ['-c', script, 'sh', 'a "b" $c', code], { env, bound, onLine: (line) => lines.push(line) });
    const { output, failure } = await carryOut('0');
    expect(failure).toBeUndefined();
    expect(output.split('\n').sort()).toEqual(['', 'a "b" $c', 'two']);
    expect(lines.length).toBe(2);
    expect((await carryOut('3')).failure).toMatch(/^(two|a "b" \$c)$/);
    expect((await work('sh', ['-c', 'exit 3'], { env, bound })).failure).toBe('ended with 3');
  });

  it('ends with this process, with all that it started, where it is bound', async () => {
    const program = `
      import { work } from '${import.meta.dirname}/child.ts';
      const said = { onLine: console.log };
      await work('sh', ['-c', 'sleep 100 & echo $!; echo $$; wait'], { env: process.env, bound: true, ...said });`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program]);
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    while (said.split('\n').length < 3) await setTimeout(20);
    const pids = said.trim().split('\n').map(Number);
    const alive = () =>
      pids.filter((pid) => {
        try {
          return process.kill(pid, 0);
        } catch {
          return false;
        }
      });
    expect(alive()).toEqual(pids);
    child.kill('SIGKILL');
    for (let i = 0; i < 100 && alive().length > 0; i++) await setTimeout(50);
    expect(alive()).toEqual([]);
  });
});
