import { describe, expect, it } from 'vitest';
import { type ImageSet, Rng, type StreamState, stream, streamState } from '../data/index.js';
import { scope } from '../tensor/index.js';
import { batchToTensors, parseAugment } from './index.js';

const COUNTS = [60, 9, 3];
const makeSet = (channels: number): ImageSet => {
  const rng = new Rng(1);
  const labels = Uint16Array.from(COUNTS.flatMap((n, c) => new Array<number>(n).fill(c)));
  const [height, width] = [6, 7];
  const images = Uint8Array.from({ length: labels.length * height * width * channels }, () => rng.below(256));
  return { images, labels, height, width, channels };
};
const about = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
const options = { sampling: 'instance', batchSize: 6, classes: 3, seed: 4, name: 'train-0' } as const;
const throughJson = (state: StreamState): StreamState => streamState.parse(JSON.parse(JSON.stringify(state)));

describe.each([
  'trivial',
  'mixup(1)',
  'remix(1, 3, 0.5)',
  'cutmix(1, 0.5)',
  'cmo(1, 0.5)',
  'crop(1) + flip + trivial + cutout(2) + cmo(0.4, 0.7)',
])('a stream with %s', (label) => {
  it.each([1, 3])('resumes exactly from its state, through JSON (%i channels)', (channels) => {
    const set = makeSet(channels);
    const augment = parseAugment(label);
    const all = { ...options, augment };
    const few = { mean: about.mean.slice(0, channels), std: about.std.slice(0, channels) };
    const toTensors = batchToTensors({ ...set, ...few }, { augment, counts: COUNTS });
    const next = (from: ReturnType<typeof stream>) =>
      scope(() => {
        const { images, targets } = toTensors(from.next());
        return [
          images.toArray(),
          targets.map(({ labels, share }) => [labels.toArray(), typeof share === 'number' ? share : share.toArray()]),
        ];
      });
    const first = stream(set, all);
    for (let step = 0; step < 3; step++) next(first);
    const second = stream(set, { ...all, state: throughJson(first.state()) });
    for (let step = 0; step < 8; step++) expect(next(second)).toEqual(next(first));
    expect(second.state()).toEqual(first.state());
  });
});

describe('the second batch of cmo', () => {
  const set = makeSet(1);

  it('has every class equally often, augmented as the first, and is drawn only when asked for', () => {
    const augment = parseAugment('flip + cmo(1, 0.5)');
    const batches = stream(set, { ...options, batchSize: 60, augment });
    const before = batches.state().partner;
    const { partner } = batches.next();
    expect(batches.state().partner).toEqual(before);
    const seen = [0, 0, 0];
    for (let i = 0; i < 50; i++) for (const label of partner?.().labels ?? []) seen[label] = (seen[label] ?? 0) + 1;
    for (const n of seen) expect(Math.abs(n / 3000 - 1 / 3)).toBeLessThan(0.04);
    expect(batches.state().partner).not.toEqual(before);
  });

  it('is not there for other augmentations, whose states have the fields that they had', () => {
    const batches = stream(set, { ...options, augment: parseAugment('crop(1) + flip') });
    expect(Object.keys(batches.next())).not.toContain('partner');
    expect(Object.keys(batches.state())).toEqual(['sampler', 'rng']);
  });
});
