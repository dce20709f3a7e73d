import { describe, expect, it } from 'vitest';
import { tinyDataset, tinyRecipe } from '../../test/support/tiny.js';
import { bilateral, heterogeneous, singleBranch } from '../method/index.js';
import { BACKBONE, bilateralNetwork } from '../net/index.js';
import { constant, parabolicDecay, reverseSigmoid, schedule } from '../schedule/index.js';
import { parseSafetensors, scope } from '../tensor/index.js';
import { type Epoch, phasesOf, type Recipe, type Search, search, totalEpochs, varied } from './index.js';

const dataset = tinyDataset();
const sizes = { epochs: 2, channels: 2, layers: 3, nodes: 1 } as const;

const recipe = (rest: Partial<Recipe> = {}): Recipe => ({
  ...tinyRecipe(sizes),
  method: heterogeneous(parabolicDecay()),
  ...rest,
});

/** Every tensor of a search as plain numbers, by its name in the snapshot. */
const stateOf = (s: Search): Map<string, number[]> =>
  scope(() => {
    const { tensors } = parseSafetensors(Buffer.concat(s.snapshot().bytes));
    return new Map(Object.entries(tensors).map(([name, t]) => [name, t.toArray()]));
  });

const run = async (s: Search) => {
  const records: Epoch[] = [];
  const states: Map<string, number[]>[] = [];
  for await (const event of s) {
    if (event.type !== 'epoch') continue;
    records.push(event.record);
    states.push(stateOf(s));
  }
  return { records, states };
};

describe('phases', () => {
  it('start their schedules anew, and go by the mixing of their own', async () => {
    const s = search(recipe({ continued: [{ name: 'continued', share: 1, mixing: constant(0.5), frozen: [] }] }), {
      dataset,
    });
    expect(s.epochs).toBe(4);
    const { records } = await run(s);
    s.dispose();
    expect(records.map(({ phase, epoch, t, mixing }) => [phase, epoch, t, mixing])).toEqual([
      ['search', 0, 0, 1],
      ['search', 1, 0.5, 0.75],
      ['continued', 2, 0, 0.5],
      ['continued', 3, 0.5, 0.5],
    ]);
    expect(records[2]?.weightLr).toBe(records[0]?.weightLr);
    // Eq 17 at m = 0.5: the soft freeze follows the phase's mixing.
    expect((records[2]?.archLr[BACKBONE] ?? 0) / (records[2]?.archLr['class'] ?? 1)).toBeCloseTo(Math.exp(-1), 12);
  });

  it.each([1, 2] as const)(
    'frozen components do not move: weights, alpha, batch-norm buffers, nor what the optimizers remember (order %d)',
    async (order) => {
      const s = search(
        {
          ...recipe({
            continued: [{ name: 'continued', share: 1, mixing: constant(0), frozen: [BACKBONE, 'instance'] }],
          }),
          settings: { ...tinyRecipe(sizes).settings, order },
        },
        { dataset },
      );
      const { records, states } = await run(s);
      s.dispose();
      const [before, after] = [states[1], states[3]];
      if (before === undefined || after === undefined) throw new Error('the search must have four epochs');
      const { store, alphas, dispose } = bilateralNetwork({ ...sizes, classes: 3, inputChannels: 3 });
      const part = (state: Map<string, number[]>, name: string, component: string): number[] => {
        const [start, length] = store.range(component);
        return (state.get(name) ?? []).slice(start, start + length);
      };
      for (const name of ['weights', 'weight-optimizer/momentum'])
        for (const component of store.components) {
          const moved = part(before, name, component).some((v, i) => v !== part(after, name, component)[i]);
          expect(moved, `${name} of ${component}`).toBe(component === 'class');
        }
      const changed = (prefix: string): string[] =>
        [...before]
          .filter(([name, v]) => name.startsWith(prefix) && v.join() !== after.get(name)?.join())
          .map(([n]) => n);
      expect(changed('alpha/')).toEqual(['alpha/class.normal']);
      expect(changed('buffer/').length).toBeGreaterThan(0);
      expect(changed('buffer/').filter((name) => !name.startsWith('buffer/class.'))).toEqual([]);
      const classGroup = alphas.findIndex((a) => a.component === 'class');
      expect(changed('arch-optimizer/').filter((name) => !name.startsWith(`arch-optimizer/${classGroup}.`))).toEqual(
        [],
      );
      expect(Object.keys(records[3]?.gradNorm.weights ?? {})).toEqual(['class']);
      expect(Object.keys(records[3]?.gradNorm.alpha ?? {})).toEqual(['class']);
      dispose();
    },
  );

  it('are resumed within a frozen phase to the bit', async () => {
    const frozen = recipe({
      continued: [{ name: 'continued', share: 1, mixing: constant(0), frozen: [BACKBONE, 'instance'] }],
    });
    const whole = search(frozen, { dataset });
    let middle: Buffer | undefined;
    for await (const event of whole)
      if (event.type === 'step' && event.epoch === 2 && event.step === 2)
        middle = Buffer.concat(whole.snapshot().bytes);
    const end = Buffer.concat(whole.snapshot().bytes);
    whole.dispose();
    const again = search(frozen, { dataset, resume: middle });
    for await (const _ of again);
    expect(Buffer.concat(again.snapshot().bytes).equals(end)).toBe(true);
    again.dispose();
  });

  it('refuse what no network has, and methods without branches', () => {
    const unknown = recipe({ continued: [{ name: 'c', share: 1, mixing: constant(0), frozen: ['stem'] }] });
    expect(() => search(unknown, { dataset })).toThrow(
      /"stem" must be one of the components backbone, instance, class/,
    );
    const single = { ...tinyRecipe(), continued: [{ name: 'c', share: 1, mixing: constant(0) }] };
    expect(() => search(single, { dataset })).toThrow(/Cannot continue DARTS: it must have branches to mix/);
  });

  it('refuse rates that are no rates, before anything is trained', () => {
    const wild = schedule('wild', (t) => (t === 0.5 ? Number.NaN : 1));
    const method = bilateral({ mixing: parabolicDecay(), archLr: { [BACKBONE]: wild } });
    expect(() => phasesOf(recipe({ method }))).toThrow(
      /factor on backbone's architecture learning rate must be a number >= 0, wild is NaN at t = 0.50/,
    );
  });

  it('last at least an epoch', () => {
    const short = recipe({ continued: [{ name: 'c', share: 0.1, mixing: constant(0) }] });
    expect(totalEpochs(phasesOf(short))).toBe(3);
  });
});

describe('switches', () => {
  it('turn the schedule of the mixing and with it the soft freeze', () => {
    const { method, switches } = varied(recipe(), { mixing: reverseSigmoid(), freeze: 'squared' });
    expect(method.mixing?.label).toBe('reverseSigmoid');
    expect(method.archLr?.[BACKBONE]?.label).toBe('softFreeze(reverseSigmoid, squared)');
    expect(varied(recipe({ method, switches: switches ?? {} }), { bnScope: 'perBranch' }).switches).toMatchObject({
      freeze: 'squared',
      bnScope: 'perBranch',
    });
  });

  it('are refused by methods that do not have them', () => {
    expect(() => varied({ ...tinyRecipe(), method: singleBranch() }, { logitScale: 2 })).toThrow(
      /Cannot vary tiny: its method must have branches for logitScale, it has one/,
    );
    expect(() => varied(recipe({ method: bilateral({ mixing: parabolicDecay() }) }), { freeze: 'sqrt' })).toThrow(
      /it has no soft freeze/,
    );
    expect(() => varied(recipe(), { mixing: constant(1.5) })).toThrow(/must be in \[0, 1\], got 1.5/);
  });
});
