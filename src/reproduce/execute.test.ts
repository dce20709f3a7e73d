import { describe, expect, it } from 'vitest';
import { experiments } from '../experiment/index.js';
import { type Child, type ChildExit, execute, type Outcome } from './execute.js';
import type { PlannedRun } from './plan.js';

const planned = (name: string, more: Partial<PlannedRun> = {}): PlannedRun => ({
  name,
  row: name,
  path: name,
  plan: experiments.named('darts').with({}),
  seed: 1,
  command: ['search', 'darts'],
  chain: name,
  isAsked: true,
  state: 'start',
  parent: undefined,
  epochs: { from: 0, to: 2 },
  ...more,
});

const GOOD: ChildExit = { code: 0, signal: null, stderr: '' };

/** Children that end when told to; `started` has their names in order, `stops` the signals that they got. */
const children = () => {
  const started: string[] = [];
  const stops: string[] = [];
  const ends = new Map<string, (exit: ChildExit | Error) => void>();
  const start = ({ name }: PlannedRun): Child => {
    started.push(name);
    return {
      exit: new Promise((resolve, reject) => {
        ends.set(name, (exit) => (exit instanceof Error ? reject(exit) : resolve(exit)));
      }),
      stop: (signal) => void stops.push(`${name} ${signal}`),
    };
  };
  /** Ends a child, and lets what follows from it happen. */
  const end = async (name: string, exit: ChildExit | Error = GOOD): Promise<void> => {
    ends.get(name)?.(exit);
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  return { started, stops, start, end };
};

const told = (outcomes: readonly Outcome[]): string[] => outcomes.map(({ run, ended }) => `${run.name} ${ended}`);

describe('execute', () => {
  it('runs as many at a time as it may, and nothing that is done', async () => {
    const { started, start, end } = children();
    const plan = [planned('a'), planned('b', { state: 'done' }), planned('c'), planned('d', { state: 'resume' })];
    const { finished } = execute(plan, { start, jobs: 2 });
    expect(started).toEqual(['a', 'c']);
    await end('c');
    expect(started).toEqual(['a', 'c', 'd']);
    await end('a');
    await end('d');
    expect(told(await finished)).toEqual(['c done', 'a done', 'd done']);
  });

  it('starts a run after the one that it goes on from, and others meanwhile', async () => {
    const { started, start, end } = children();
    const parent = planned('hls');
    const { finished } = execute([parent, planned('half', { parent }), planned('other')], { start, jobs: 2 });
    expect(started).toEqual(['hls', 'other']);
    await end('other');
    expect(started).toEqual(['hls', 'other']);
    await end('hls');
    expect(started).toEqual(['hls', 'other', 'half']);
    await end('half');
    expect(told(await finished)).toEqual(['other done', 'hls done', 'half done']);
  });

  it('starts a run at once whose search is done already', async () => {
    const { started, start, end } = children();
    const { finished } = execute([planned('half', { parent: planned('hls', { state: 'done' }) })], { start });
    expect(started).toEqual(['half']);
    await end('half');
    expect(told(await finished)).toEqual(['half done']);
  });

  it('goes on when one fails, without those that need it, and tells its last words', async () => {
    const { started, start, end } = children();
    const parent = planned('hls');
    const lines = Array.from({ length: 9 }, (_, i) => `line ${i}`);
    const { finished } = execute([parent, planned('half', { parent }), planned('other')], { start });
    await end('hls', { code: 1, signal: null, stderr: `${lines.join('\n')}\n\nerror: diverged\n` });
    expect(started).toEqual(['hls', 'other']);
    await end('other', new Error('spawn ENOENT'));
    const outcomes = await finished;
    expect(told(outcomes)).toEqual(['hls failed', 'half failed', 'other failed']);
    expect(outcomes.map((o) => o.error)).toEqual([
      'line 5\nline 6\nline 7\nline 8\nerror: diverged',
      'hls, which it goes on from, failed',
      'spawn ENOENT',
    ]);
  });

  it.each<[string, ChildExit, string]>([
    ['killed', { code: null, signal: 'SIGKILL', stderr: '' }, 'it was killed (SIGKILL)'],
    ['silent', { code: 3, signal: null, stderr: ' \n' }, 'it ended with code 3 and said nothing'],
    ['stopped by someone else', { code: 143, signal: null, stderr: 'saved' }, 'saved'],
  ])('says how a run failed: %s', async (_, exit, error) => {
    const { start, end } = children();
    const { finished } = execute([planned('a')], { start });
    await end('a', exit);
    expect(await finished).toEqual([expect.objectContaining({ ended: 'failed', error })]);
  });

  it('passes a signal on to all that runs, each time, and starts nothing more', async () => {
    const { started, stops, start, end } = children();
    const { finished, stop } = execute([planned('a'), planned('b'), planned('c')], { start, jobs: 2 });
    stop('SIGINT');
    await end('a', { code: 130, signal: null, stderr: 'saved' });
    stop('SIGINT');
    expect(stops).toEqual(['a SIGINT', 'b SIGINT', 'b SIGINT']);
    await end('b', { code: 1, signal: null, stderr: 'error: the disk is full' });
    expect(told(await finished)).toEqual(['a stopped', 'b failed']);
    expect(started).toEqual(['a', 'b']);
  });
});
