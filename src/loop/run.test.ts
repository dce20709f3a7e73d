import { describe, expect, it } from 'vitest';
import { tinyDataset, tinyRecipe } from '../../test/support/tiny.js';
import { crossEntropy } from '../loss/index.js';
import { bilateral, singleBranch } from '../method/index.js';
import { BACKBONE } from '../net/index.js';
import { adam, archOptimizer, sgd } from '../optim/index.js';
import { constant } from '../schedule/index.js';
import { softmaxRelaxation } from '../space/index.js';
import {
  full,
  inPlace,
  liveTensors,
  narrow,
  noGrad,
  parseSafetensors,
  randn,
  rng,
  scope,
  tensor,
  toSafetensors,
} from '../tensor/index.js';
import { requireFiniteGradients } from './diverged.js';
import { DivergedError, type Search, type SearchEvent, search, searchStep } from './index.js';

const dataset = tinyDataset();
const bytesOf = (s: Search): Buffer => Buffer.concat(s.snapshot().bytes);

/** An event without what the clock says. */
const timeless = (event: SearchEvent): unknown => {
  if (event.type === 'step') return { ...event, seconds: 0 };
  return event.type === 'epoch' ? { ...event.record, seconds: 0, imagesPerSecond: 0 } : event;
};

const rest = async (s: Search): Promise<unknown[]> => {
  const events: unknown[] = [];
  for await (const event of s) events.push(timeless(event));
  return events;
};

/** Everything that happens after `stop`, and the state before it and at the end. */
const watched = async (s: Search, stop: (event: SearchEvent) => boolean) => {
  const events: unknown[] = [];
  let middle: Buffer | undefined;
  for await (const event of s) {
    if (middle !== undefined) events.push(timeless(event));
    else if (stop(event)) middle = bytesOf(s);
  }
  const end = bytesOf(s);
  s.dispose();
  if (middle === undefined) throw new Error('the search never came there');
  return { events, middle, end };
};

const places: Readonly<Record<string, (event: SearchEvent) => boolean>> = {
  'in an epoch': (event) => event.type === 'step' && event.epoch === 0 && event.step === 2,
  'at the end of an epoch': (event) => event.type === 'epoch',
};
const cases = ([1, 2] as const).flatMap((order) =>
  Object.entries(places).map(([name, stop]) => ({ order, name, stop })),
);

describe('a search', { timeout: 30_000 }, () => {
  it.each(cases)('of order $order resumed $name goes on as if nothing had happened, to the bit', async (given) => {
    const recipe = tinyRecipe({ order: given.order });
    const { events, middle, end } = await watched(search(recipe, { dataset, seed: 3 }), given.stop);
    randn([5]).dispose();
    const resumed = search(recipe, { dataset, seed: 3, resume: middle });
    expect(bytesOf(resumed).equals(middle)).toBe(true);
    expect(await rest(resumed)).toEqual(events);
    expect(bytesOf(resumed).equals(end)).toBe(true);
    resumed.dispose();
  });

  it('repeats itself for the same seed, and not for another', async () => {
    const run = async (seed: number) => {
      const s = search(tinyRecipe({ epochs: 1 }), { dataset, seed });
      const events = await rest(s);
      const bytes = bytesOf(s);
      s.dispose();
      return { events, bytes };
    };
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(again.events).toEqual(first.events);
    expect(again.bytes.equals(first.bytes)).toBe(true);
    expect(other.bytes.equals(first.bytes)).toBe(false);
  });

  it('leaves no tensor behind', async () => {
    const before = liveTensors();
    const s = search(tinyRecipe({ epochs: 1 }), { dataset });
    await rest(s);
    for await (const _ of s.evaluate());
    s.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('refuses a snapshot of another network', () => {
    const s = search(tinyRecipe(), { dataset });
    const bytes = bytesOf(s);
    s.dispose();
    expect(() => search(tinyRecipe({ channels: 6 }), { dataset, resume: bytes })).toThrow(
      /Cannot resume: the checkpoint's "weights" must have shape/,
    );
    expect(() => search(tinyRecipe(), { dataset, resume: bytes.subarray(0, 100) })).toThrow('Cannot read safetensors');
  });

  it('refuses a snapshot whose standing is damaged', () => {
    const s = search(tinyRecipe(), { dataset });
    const { tensors } = parseSafetensors(bytesOf(s));
    s.dispose();
    for (const standing of ['', '{"epoch":1}', '[]']) {
      const resume = Buffer.concat(toSafetensors(tensors, { metadata: { standing } }));
      expect(() => search(tinyRecipe(), { dataset, resume })).toThrow(
        'Cannot resume: the checkpoint has no random state',
      );
    }
  });

  it('refuses settings that no search can have', () => {
    const refused = (settings: Parameters<typeof tinyRecipe>[0], message: string) =>
      expect(() => search(tinyRecipe(settings), { dataset })).toThrow(`Cannot search: ${message}`);
    refused({ epochs: 0 }, 'epochs must be a whole number >= 1, got 0');
    refused({ weightLr: -1 }, 'weightLr must be a number >= 0, got -1');
    refused({ momentum: 1 }, 'momentum must be in [0, 1), got 1');
    refused({ gradClip: Number.NaN }, 'gradClip must be a number > 0, got NaN');
  });
});

describe('a component whose architecture rate is 0', () => {
  /** One step of a bilateral network, the backbone's alpha at a rate, and what it left. */
  const stepAt = (rate: number) =>
    scope(() => {
      const { settings } = tinyRecipe();
      rng.seed(1);
      const method = bilateral({ mixing: constant(0) });
      const net = method.build({ ...settings, classes: 3, inputChannels: 3 }, { relax: softmaxRelaxation });
      const rates = (component: string) => constant(component === BACKBONE ? rate : 0.1);
      const trainee = {
        net,
        weights: sgd(net.store.flat, settings),
        arch: archOptimizer(net.alphas, { rates, make: (value) => adam(value) }),
        criterion: crossEntropy().build([]),
        settings,
      };
      const batch = { images: randn([4, 3, 8, 8]), labels: tensor([0, 1, 2, 0], { dtype: 'int64' }) };
      const batches = [batch, batch];
      const before = net.alphas.map(({ value }) => value.toArray());
      const at = { t: 0, mixing: 0, lr: 0.1, where: { epoch: 0, step: 0 } };
      const { gradNorm } = searchStep(trainee, { train: batches, valid: batches, ...at });
      const moved = net.alphas.filter(({ value }, i) => String(value.toArray()) !== String(before[i]));
      const bits = [net.store.flat, ...net.store.buffers.values()].map((x) => String(x.toArray()));
      net.dispose();
      return { gradNorm, moved: moved.map(({ component }) => component), bits };
    });

  it('has no gradient computed, and all else goes as with the smallest rate', () => {
    const [none, tiny] = [stepAt(0), stepAt(1e-30)];
    expect(Object.keys(none.gradNorm.alpha)).not.toContain(BACKBONE);
    expect(Object.keys(tiny.gradNorm.alpha)).toContain(BACKBONE);
    expect(none.moved).not.toContain(BACKBONE);
    expect(none.moved).toContain('class');
    expect(none.bits).toEqual(tiny.bits);
  });
});

describe('a step that diverges', () => {
  const { settings } = tinyRecipe();
  const where = { epoch: 3, step: 12 };

  it.each([1, 2] as const)('names the loss, epoch and step, and moves nothing (order %d)', (order) => {
    scope(() => {
      const net = singleBranch().build({ ...settings, classes: 3, inputChannels: 3 }, { relax: softmaxRelaxation });
      const trainee = {
        net,
        weights: sgd(net.store.flat, settings),
        arch: archOptimizer(net.alphas, { rates: () => constant(1), make: (value) => adam(value) }),
        criterion: crossEntropy().build([]),
        settings: { ...settings, order },
      };
      noGrad(() => inPlace.copy(narrow(net.store.flat, 0, 5, 1), full([1], Number.NaN)));
      const batch = { images: randn([4, 3, 8, 8]), labels: tensor([0, 1, 2, 0], { dtype: 'int64' }) };
      const [weights, alphas] = [net.store.flat.toArray(), net.alphas.map(({ value }) => value.toArray())];
      const run = () => searchStep(trainee, { train: [batch], valid: [batch], t: 0, mixing: null, lr: 0.1, where });
      expect(run).toThrow(DivergedError);
      expect(run).toThrow(/Search diverged: the validation loss \(NaN\) is not finite at epoch 3, step 12\. /);
      expect(net.store.flat.toArray()).toEqual(weights);
      expect(net.alphas.map(({ value }) => value.toArray())).toEqual(alphas);
    });
  });

  it('names the first parameter whose gradient is not finite', () => {
    scope(() => {
      const gradients = [
        { name: 'stem', gradient: tensor([1]) },
        { name: 'cells.0', gradient: tensor([1, Number.POSITIVE_INFINITY]) },
        { name: 'cells.1', gradient: tensor([Number.NaN]) },
      ];
      const check = () => requireFiniteGradients(Number.POSITIVE_INFINITY, gradients, where);
      expect(check).toThrow('the gradient of cells.0 is not finite at epoch 3, step 12');
      expect(() => requireFiniteGradients(1, gradients, where)).not.toThrow();
    });
  });
});
