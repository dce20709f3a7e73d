import { describe, expect, it } from 'vitest';
import { add, conv2d, randn, relu, scope, type TracedCall, tensor, trace, tracing, unbind } from './index.js';

describe('trace', () => {
  it('tells of every operator with its arguments and results, in order, and of nothing after', () => {
    scope(() => {
      const calls: TracedCall[] = [];
      const [x, w] = [randn([1, 2, 4, 4]), randn([3, 2, 1, 1])];
      const y = trace(
        () => {
          expect(tracing()).toBe(true);
          return scope(() => relu(conv2d(x, w)));
        },
        (call) => calls.push({ ...call, results: call.results.map((t) => t) }),
      );
      add(y, 1);
      expect(tracing()).toBe(false);
      expect(calls.map(({ name }) => name)).toEqual(['aten::conv2d', 'aten::relu']);
      const [conv, activation] = calls;
      expect([conv?.args[0], conv?.args[1]]).toEqual([x, w]);
      expect(activation?.args).toEqual(conv?.results);
      expect(activation?.results).toEqual([y]);
    });
  });

  it('gives lists of results whole, gives back what the body returns, and ends with an error too', () => {
    scope(() => {
      const counts: number[] = [];
      expect(
        trace(
          () => unbind(tensor([1, 2, 3])).length,
          ({ results }) => counts.push(results.length),
        ),
      ).toBe(3);
      expect(counts).toEqual([3]);
      expect(() =>
        trace(
          () => {
            throw new Error('no');
          },
          () => undefined,
        ),
      ).toThrow('no');
      expect(tracing()).toBe(false);
    });
  });
});
