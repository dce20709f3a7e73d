import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildCli, type Cli, type Exit } from './support/cli.js';
import { editJson } from './support/edit-run.js';
import { writeImages } from './support/images.js';
import { outcomeOf } from './support/outcome.js';

const SIZES =
  '--imbalance natural --image-size 16 --threads 1 --channels 2 --layers 1 --nodes 1 --batch-size 8 --epochs 2';
const SOURCE = fileURLToPath(new URL('./support/faults.cc', import.meta.url));

let cli: Cli;
let search: readonly string[];
let operations = 0;
const path = (...names: string[]): string => join(cli.folder, ...names);

const whole = () => outcomeOf(path('whole'));

/** Searches in a folder below which the `at`-th file operation fails. */
const faulty = async (run: string, { kind = '', at = 0, count = '' } = {}): Promise<Exit> => {
  const faults = { LD_PRELOAD: path('faults.so'), FAULT_DIR: path(run), FAULT_AT: String(at), FAULT_KIND: kind };
  for (const [name, value] of Object.entries({ ...faults, FAULT_COUNT: count })) vi.stubEnv(name, value);
  const running = cli.start([...search, '--out', run]);
  vi.unstubAllEnvs();
  return running.exit;
};

beforeAll(async () => {
  cli = await buildCli();
  await writeImages(path('data', 'train'), { cat: 30, dog: 12 });
  await writeImages(path('data', 'test'), { cat: 3, dog: 3 });
  search = ['search', 'darts', '--data', path('data'), ...SIZES.split(' '), '--quiet'];
  if (process.platform !== 'linux') return;
  execFileSync('g++', ['-shared', '-fPIC', '-O1', '-o', path('faults.so'), SOURCE, '-ldl']);
  expect(await faulty('whole', { count: path('count') })).toMatchObject({ code: 0 });
  operations = Number(readFileSync(path('count'), 'utf8'));
}, 300_000);
afterAll(() => cli?.dispose());

const WORDS: Readonly<Record<string, string>> = {
  full: 'the disk is full \\(ENOSPC\\); free space on it',
  EIO: 'the disk failed \\(EIO\\); check the disk, or copy the folder to another',
};

describe.runIf(process.platform === 'linux')('a search whose disk fails', () => {
  // Others of each kind; test/run-faults.test.ts has all of them, for the room that writes.
  it.each(
    ['full', 'EIO', 'kill', 'torn'].flatMap((kind, i) => [0.2, 0.7].map((share) => [kind, share + i / 40] as const)),
  )('says so in one sentence, and is resumed to the same end: %s after %f of it', async (kind, share) => {
    const at = Math.round(share * operations);
    const run = `${kind}-${at}`;
    const { code, signal, stderr } = await faulty(run, { kind, at });
    if (kind === 'kill' || kind === 'torn') expect(signal).toBe('SIGKILL');
    else {
      expect(code, stderr).toBe(1);
      expect(stderr).toMatch(
        new RegExp(
          `^error: Cannot [a-z ]+ ${run}/\\S+: ${WORDS[kind]}, then continue with \`tailnas resume ${run}\`\\n$`,
        ),
      );
    }
    expect(readdirSync(path(run)).filter((name) => name.startsWith('lock-'))).toHaveLength(signal === null ? 0 : 1);
    expect(await cli.run(['resume', run])).toMatchObject({ code: 0 });
    expect(outcomeOf(path(run))).toEqual(whole());
  });

  it('says so when its folder vanishes, and leaves nothing', async () => {
    const running = cli.start([...search.filter((word) => word !== '--quiet'), '--epochs', '500', '--out', 'vanished']);
    await running.said('1/500');
    rmSync(path('vanished'), { recursive: true });
    const { code, stderr } = await running.exit;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /\nerror: Cannot [a-z ]+ vanished\S*: it is not there any more \(ENOENT\); check whether the folder was moved or [^\n]+\n$/,
    );
    expect(existsSync(path('vanished'))).toBe(false);
  });

  it('says so when memory is short, and its folder can be resumed', async () => {
    const args = ['train', 'darts-v2', '--data', path('data'), '--imbalance', 'natural', '--image-size', '64'];
    const sizes = [
      '--channels',
      '48',
      '--layers',
      '20',
      '--batch-size',
      '64',
      '--epochs',
      '1',
      '--threads',
      '1',
      '--force',
    ];
    const script = `ulimit -v 3000000; exec "$@"`;
    const { main } = cli;
    let said = '';
    try {
      execFileSync('sh', ['-c', script, 'sh', process.execPath, main, ...args, ...sizes, '--out', 'short'], {
        cwd: cli.folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    } catch (error) {
      if (error instanceof Error && 'stderr' in error) said = String(error.stderr);
    }
    // What cannot be had even for a sentence ends the process by itself: libraries abort.
    expect(said).toMatch(
      /^error: Cannot continue( with short)?: there is not enough memory \(.*could not be had\); end|abort|alloc/m,
    );
  });
});

describe('a run folder of a stranger, on the command line', () => {
  const prepared = (name: string, change: (dir: string) => void): string => {
    execFileSync('cp', ['-r', path('whole'), path(name)]);
    for (const file of ['evaluation.json', 'log.txt']) rmSync(path(name, file), { force: true });
    change(path(name));
    return name;
  };

  it('says nothing to the terminal but text', async () => {
    const run = prepared('escaped', (dir) =>
      editJson(join(dir, 'run.json'), (text) => {
        const info = JSON.parse(text);
        info.versions['\u001b[2J'] = 'a\u001b]0;b\u0007\r\n\u202e';
        info.data.classes[0] = 'cat\u001b[31m';
        return JSON.stringify(info);
      }),
    );
    for (const words of [
      ['resume', run],
      ['report', run, '--markdown'],
      ['plot', 'training', run],
    ]) {
      const { stdout, stderr } = await cli.run(words);
      expect(`${stdout}${stderr}`, words[0]).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
      if (words[0] === 'resume')
        expect(stderr).toContain('\\x1b[2J was a\\x1b]0;b\\x07\\r\\n\\u{202e} when the run began');
    }
  });

  it('writes nothing through a link, whatever is asked of it', async () => {
    mkdirSync(path('mine'));
    writeFileSync(path('mine', 'precious'), 'precious\n');
    const run = prepared('linked', (dir) => symlinkSync(path('mine', 'precious'), join(dir, 'log.txt')));
    const folders = prepared('linked folders', (dir) => {
      for (const name of ['checkpoints', 'cells', 'pictures']) {
        rmSync(join(dir, name), { recursive: true, force: true });
        symlinkSync(path('mine'), join(dir, name));
      }
    });
    for (const dir of [run, folders])
      for (const words of [['resume'], ['evaluate'], ['report']]) {
        const [command = '', ...rest] = words;
        const { code, stderr } = await cli.run([command, dir, ...rest]);
        if (command !== 'report' && (dir === folders || command === 'resume')) {
          expect(code).toBe(1);
          expect(stderr).toMatch(
            /^error: Cannot use .*: it must be a (file|folder), it is a link, and links in a run /m,
          );
        }
      }
    expect(readdirSync(path('mine'))).toEqual(['precious']);
    expect(readFileSync(path('mine', 'precious'), 'utf8')).toBe('precious\n');
  });
});
