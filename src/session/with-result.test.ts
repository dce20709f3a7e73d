import { describe, expect, it } from 'vitest';
import { withResult } from './with-result.js';

const counting = (upTo: number, { fails = false } = {}) =>
  withResult(
    (async function* () {
      for (let i = 0; i < upTo; i++) yield i;
      if (fails) throw new Error('it failed');
      return 'the end';
    })(),
  );

const collect = async (events: ReturnType<typeof counting>): Promise<number[]> => {
  const seen: number[] = [];
  for await (const event of events) seen.push(event);
  return seen;
};

describe('withResult', () => {
  it('carries out what nobody follows', async () => {
    expect(await counting(3).result).toBe('the end');
  });

  it('takes no event from who follows them', async () => {
    const events = counting(3);
    const seen = collect(events);
    expect(await events.result).toBe('the end');
    expect(await seen).toEqual([0, 1, 2]);
  });

  it('has the result after the events as well', async () => {
    const events = counting(2);
    expect(await collect(events)).toEqual([0, 1]);
    expect(await events.result).toBe('the end');
  });

  it('fails as the events do', async () => {
    await expect(counting(1, { fails: true }).result).rejects.toThrow('it failed');
    const events = counting(1, { fails: true });
    await expect(collect(events)).rejects.toThrow('it failed');
    await expect(events.result).rejects.toThrow('it failed');
  });

  it('says when its events were left', async () => {
    const events = counting(5);
    for await (const event of events) if (event === 1) break;
    await expect(events.result).rejects.toThrow('left before its end');
  });

  it('is delegated to', async () => {
    const outer = async function* () {
      return yield* counting(2);
    };
    const events = outer();
    expect([await events.next(), await events.next(), await events.next()]).toEqual([
      { done: false, value: 0 },
      { done: false, value: 1 },
      { done: true, value: 'the end' },
    ]);
  });
});
