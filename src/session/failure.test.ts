import { describe, expect, it } from 'vitest';
import { tinyPlan } from '../../test/support/tiny.js';
import { DivergedError } from '../learn/index.js';
import { FileError } from '../run/index.js';
import { explainedMemory, failureOf, NoMemoryError } from './failure.js';
import { withResult } from './with-result.js';

const folder = {
  path: 'runs/a',
  records: () => [],
  checkpoints: { list: () => [], newest: () => undefined, save: () => {} },
};
const told = (error: unknown): string => {
  const found = failureOf(error, { folder, plan: tinyPlan() });
  return found instanceof Error ? found.message : String(found);
};

describe('why a run ended', () => {
  it.each([
    [
      'aten::conv2d: out of memory: 512 bytes could not be had (input: Float[2, 3], weight: none)',
      '512 bytes could not be had)',
    ],
    ['std::bad_alloc', 'std::bad_alloc)'],
    ['Array buffer allocation failed', 'Array buffer allocation failed)'],
  ])('is missing memory, with the way out: %s', (message, reason) => {
    expect(told(new Error(message))).toMatch(/^Cannot continue with runs\/a: there is not enough memory \(/);
    expect(told(new Error(message))).toContain(
      `${reason}; end other programs and continue with \`tailnas resume runs/a\`, or start again with smaller ` +
        'batches or images',
    );
  });

  it('is missing memory before there is a run, and is said so once', async () => {
    const events = withResult(
      // biome-ignore lint/correctness/useYield: it fails before its first event
      (async function* () {
        throw new Error('tailnas::read_source: out of memory: 8 bytes could not be had (x: none)');
      })(),
    );
    await expect(events.next()).rejects.toThrow(
      'Cannot continue: there is not enough memory (tailnas::read_source: out of memory: 8 bytes could not be had); ' +
        'end other programs, or use smaller batches or images',
    );
    const once = failureOf(new Error('std::bad_alloc'), { folder, plan: tinyPlan() });
    expect(once).toBeInstanceOf(NoMemoryError);
    expect(explainedMemory(once)).toBe(once);
  });

  it('is a file, with how to continue', () => {
    const cause = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    expect(told(new FileError('Cannot write runs/a/log.txt', { cause }))).toBe(
      'Cannot write runs/a/log.txt: the disk is full (ENOSPC); free space on it, then continue with ' +
        '`tailnas resume runs/a`',
    );
  });

  it('is what went wrong first, though the folder cannot be read by then', () => {
    const gone = {
      ...folder,
      records: () => {
        throw new Error('Cannot read runs/a');
      },
    };
    const first = new DivergedError('the loss is not finite');
    expect(failureOf(first, { folder: gone, plan: tinyPlan() })).toBe(first);
    expect(told(new Error('anything else'))).toBe('anything else');
  });
});
