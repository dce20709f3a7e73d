import { describe, expect, it } from 'vitest';
import { liveTensors } from '../src/tensor/index.js';
import { bytesOf, rest, tinyPlan, tinyRun, watched } from './support/tiny.js';

const ALL = 'crop(1) + flip + trivial + cutout(2)';

describe('a run with mixed images', { timeout: 60_000 }, () => {
  it.each([
    ['darts', `${ALL} + mixup(1)`],
    ['darts', `${ALL} + cmo(1, 0.7)`],
    ['hls', `${ALL} + remix(1, 1.5, 0.9)`],
    ['hls', `${ALL} + cutmix(1, 0.5)`],
  ])('of %s with %s resumes to the bit, releases its tensors, and says an accuracy', async (recipe, augment) => {
    const before = liveTensors();
    const { phases } = tinyPlan({ order: 2 }, recipe);
    const seen: number[] = [];
    const { events, middle, end } = await watched(tinyRun(phases, { seed: 3, augment }), (event) => {
      if (event.type === 'step') seen.push(event.accuracy);
      return event.type === 'step' && event.step === 2;
    });
    const resumed = tinyRun(phases, { seed: 3, augment, resume: middle });
    expect(bytesOf(resumed).equals(middle)).toBe(true);
    expect(await rest(resumed)).toEqual(events);
    expect(bytesOf(resumed).equals(end)).toBe(true);
    resumed.dispose();
    expect(liveTensors()).toBe(before);
    for (const accuracy of seen) expect(accuracy >= 0 && accuracy <= 1).toBe(true);
  });

  it('validates and tests unmixed images: the same network has the same scores whatever the augmentation', async () => {
    const { phases } = tinyPlan();
    const matrices = [];
    for (const augment of ['none', `${ALL} + mixup(1)`]) {
      const live = tinyRun(phases, { seed: 3, augment });
      const evaluation = live.evaluate();
      let next = await evaluation.next();
      while (!next.done) next = await evaluation.next();
      matrices.push(next.value.confusion);
      live.dispose();
    }
    expect(matrices[1]).toEqual(matrices[0]);
  });

  it('is refused before its first step where images cannot be mixed', () => {
    const { phases } = tinyPlan();
    const before = liveTensors();
    expect(() => tinyRun(phases, { batchSize: 1, augment: 'mixup(1)' })).toThrow(
      'Cannot use mixup(1): it mixes images of one batch, which must have at least 2, got 1; raise --batch-size',
    );
    expect(liveTensors()).toBe(before);
  });
});
