import { describe, expect, it } from 'vitest';
import { clone, liveTensors, noGrad, scope, type Tensor, tensor } from '../tensor/index.js';
import { adam, archOptimizer, clipNorm, type Optimizer, sgd } from './index.js';

const f64 = (data: readonly number[]): Tensor => tensor(data, { dtype: 'float64' });

/** Three steps with the gradients (1, −2), (0.5, 0.25), (0, 3) from x = (1, −1). */
const after = (make: (x: Tensor) => Optimizer, lr: number): number[] =>
  scope(() =>
    noGrad(() => {
      const x = f64([1, -1]);
      const optimizer = make(x);
      for (const g of [
        [1, -2],
        [0.5, 0.25],
        [0, 3],
      ])
        optimizer.step(f64(g), { lr });
      return x.toArray();
    }),
  );

const close = (ours: readonly number[], theirs: readonly number[]): void => {
  expect(ours).toHaveLength(theirs.length);
  for (const [i, v] of theirs.entries()) expect(ours[i]).toBeCloseTo(v, 12);
};

// PyTorch's numbers:
// def run(make):
//     x = torch.tensor([1., -1.], dtype=torch.float64, requires_grad=True); o = make([x])
//     for g in [1., -2.], [.5, .25], [0., 3.]: x.grad = torch.tensor(g, dtype=torch.float64); o.step()
//     print(x.tolist())
describe('sgd', () => {
  it('without momentum subtracts lr · g', () =>
    close(
      after((x) => sgd(x), 0.1),
      [0.85, -1.125],
    ));

  it('agrees with run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01))', () =>
    close(
      after((x) => sgd(x, { momentum: 0.9, weightDecay: 0.01 }), 0.1),
      [0.628824699, -0.8006295990000001],
    ));

  it('keeps its momentum buffer where second-order DARTS reads it', () => {
    scope(() =>
      noGrad(() => {
        const optimizer = sgd(f64([2]), { momentum: 0.5, weightDecay: 0.1 });
        optimizer.step(f64([1]), { lr: 1 });
        expect(optimizer.state.momentum.item()).toBeCloseTo(1.2, 12);
        optimizer.step(f64([1]), { lr: 1 }); // x = 0.8
        expect(optimizer.state.momentum.item()).toBeCloseTo(0.6 + 1.08, 12);
      }),
    );
  });
});

describe('adam', () => {
  it('agrees with run(lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.5, 0.999), weight_decay=0.001))', () =>
    close(
      after((x) => adam(x, { betas: [0.5, 0.999], weightDecay: 1e-3 }), 0.1),
      [0.7712766020044481, -0.9366920124055667],
    ));

  it('agrees with run(lambda p: torch.optim.Adam(p, lr=0.1))', () =>
    close(
      after((x) => adam(x), 0.1),
      [0.7347242831600768, -0.8711237758976577],
    ));

  it('first moves every element by lr, whatever the size of its gradient', () => {
    scope(() =>
      noGrad(() => {
        const x = f64([0, 0, 0]);
        adam(x).step(f64([1e-3, -5, 1e4]), { lr: 0.1 });
        for (const [i, v] of [-0.1, 0.1, -0.1].entries()) expect(x.toArray()[i]).toBeCloseTo(v, 5);
      }),
    );
  });
});

describe('an optimizer', () => {
  it('leaves the gradient alone and no tensor behind', () => {
    scope(() =>
      noGrad(() => {
        const [x, g] = [f64([1, 2]), f64([3, 4])];
        const optimizers = [sgd(x, { momentum: 0.9, weightDecay: 0.1 }), adam(x, { weightDecay: 0.1 })];
        const before = liveTensors();
        for (const optimizer of optimizers) optimizer.step(g, { lr: 0.1 });
        expect(liveTensors()).toBe(before);
        expect(g.toArray()).toEqual([3, 4]);
      }),
    );
  });
});

describe('clipNorm', () => {
  it('scales down what is too long and tells the length before', () => {
    scope(() => {
      const g = f64([3, 4]);
      const before = liveTensors();
      expect(clipNorm(g, { max: 1 })).toBe(5);
      expect(liveTensors()).toBe(before);
      close(g.toArray(), [3 / (5 + 1e-6), 4 / (5 + 1e-6)]);
    });
  });

  it('leaves what is short enough to the bit', () => {
    scope(() => {
      const g = f64([0.3, 0.4]);
      expect(clipNorm(g, { max: 5 })).toBeCloseTo(0.5, 12);
      expect(g.toArray()).toEqual([0.3, 0.4]);
      expect(clipNorm(f64([0, 0]), { max: 1 })).toBe(0);
      expect(clipNorm(f64([Number.NaN, 1]), { max: 1 })).toBeNaN();
    });
  });
});

describe('archOptimizer', () => {
  /** The backbone's rate falls, the head's stays, and what is frozen has none. */
  const rateAt =
    (t: number) =>
    (component: string): number =>
      ({ backbone: 1 - t, head: 0.5, frozen: 0 })[component] ?? Number.NaN;
  const setUp = (make: (value: Tensor) => Optimizer) => {
    const groups = ['backbone', 'head', 'frozen', 'backbone'].map((component) => ({ component, value: f64([1]) }));
    const optimizer = archOptimizer(groups, { make });
    const gradients: (Tensor | undefined)[] = groups.map(() => f64([1]));
    return { groups, optimizer, gradients, values: () => groups.map(({ value }) => value.item()) };
  };

  it('moves each component at its own rate', () => {
    scope(() => {
      const { optimizer, gradients, values } = setUp((value) => sgd(value));
      noGrad(() => optimizer.step(gradients, { rate: rateAt(0.75) }));
      expect(values()).toEqual([0.75, 0.5, 1, 0.75]);
    });
  });

  it('leaves a component of rate 0 as it is, decay and moments included', () => {
    scope(() => {
      const { optimizer, gradients, values } = setUp((value) => adam(value, { weightDecay: 0.1 }));
      const saved = Object.entries(optimizer.state).map(([name, t]) => [name, clone(t)] as const);
      expect(saved.map(([name]) => name)).toContain('2.first');
      noGrad(() => optimizer.step(gradients, { rate: rateAt(1) }));
      const [first, second, third, fourth] = values();
      expect([first, third, fourth]).toEqual([1, 1, 1]);
      expect(second).toBeCloseTo(0.5, 6);
      for (const [name, old] of saved)
        if (name.startsWith('1.')) expect(optimizer.state[name]?.toArray(), name).not.toEqual(old.toArray());
        else expect(optimizer.state[name]?.toArray(), name).toEqual(old.toArray());
    });
  });

  it('leaves a group without a gradient as it is', () => {
    scope(() => {
      const { optimizer, gradients, values } = setUp((value) => sgd(value));
      noGrad(() => optimizer.step(gradients.with(1, undefined), { rate: rateAt(0.75) }));
      expect(values()).toEqual([0.75, 1, 1, 0.75]);
    });
  });
});
