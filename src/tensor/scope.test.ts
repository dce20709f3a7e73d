import { describe, expect, it } from 'vitest';
import { liveTensors, scope, type Tensor, tensor, zeros } from './index.js';

describe('scope', () => {
  it('releases what its body made and gives back what it returned', () => {
    const before = liveTensors();
    let inner: Tensor | undefined;
    const kept = scope(() => {
      inner = tensor([1]);
      return tensor([2]);
    });
    expect(inner?.disposed).toBe(true);
    expect(kept.item()).toBe(2);
    expect(liveTensors()).toBe(before + 1);
    kept.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('finds tensors in arrays, objects, maps and sets, however deep', () => {
    const before = liveTensors();
    const kept = scope(() => {
      zeros([5]);
      return {
        list: [tensor([1]), [tensor([2])]],
        map: new Map([['a', { x: tensor([3]) }]]),
        set: new Set([tensor([4])]),
        other: 'text',
        nothing: null,
      };
    });
    expect(liveTensors()).toBe(before + 4);
    const tensors = [kept.list.flat(), [...kept.map.values()].map(({ x }) => x), [...kept.set]].flat();
    expect(tensors.map((t) => t.item())).toEqual([1, 2, 3, 4]);
    for (const t of tensors) t.dispose();
  });

  it('hands what is returned to the scope around it, which releases it in turn', () => {
    const before = liveTensors();
    scope(() => {
      const fromInside = scope(() => {
        scope(() => zeros([1]));
        expect(liveTensors()).toBe(before + 1);
        return tensor([1]);
      });
      expect(fromInside.item()).toBe(1);
      expect(liveTensors()).toBe(before + 1);
    });
    expect(liveTensors()).toBe(before);
  });

  it('releases everything when its body throws, at any depth, and passes the error on', () => {
    const before = liveTensors();
    const outer = zeros([1]);
    expect(() =>
      scope(() => {
        zeros([1]);
        scope(() => {
          zeros([1]);
          throw new RangeError('mine');
        });
      }),
    ).toThrow(new RangeError('mine'));
    expect(liveTensors()).toBe(before + 1);
    expect(outer.disposed).toBe(false);
    outer.dispose();
    // The stack of scopes is in order again.
    scope(() => zeros([1])).dispose();
    expect(liveTensors()).toBe(before);
  });

  it('leaves a tensor from outside alone, also when it returns it', () => {
    const outer = tensor([1]);
    expect(scope(() => outer)).toBe(outer);
    expect(scope(() => scope(() => [outer, outer]))).toEqual([outer, outer]);
    expect(outer.item()).toBe(1);
    outer.dispose();
  });

  it('takes a tensor that was disposed inside', () => {
    const before = liveTensors();
    const gone = scope(() => {
      const x = tensor([1]);
      x.dispose();
      return x;
    });
    expect(gone.disposed).toBe(true);
    expect(liveTensors()).toBe(before);
  });

  it('refuses a promise, which would outlive it', () => {
    const before = liveTensors();
    expect(() => scope(async () => zeros([1]))).toThrow('its function must be synchronous, it returned a promise');
    expect(liveTensors()).toBe(before);
  });
});
