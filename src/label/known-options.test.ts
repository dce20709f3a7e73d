import { describe, expect, it } from 'vitest';
import { requireKnown } from './known-options.js';

interface Options {
  batchSize?: number;
  prior?: readonly number[];
}
const about = { names: { batchSize: true, prior: true } as const, action: 'predict' };

describe('requireKnown', () => {
  it('takes what there is, also where it is undefined', () =>
    expect(() => requireKnown<Options>({ batchSize: 1, prior: undefined as never }, about)).not.toThrow());

  it.each([
    [{ batchsize: 1 }, 'Cannot predict: there is no option "batchsize"; did you mean "batchSize"?'],
    [{ top: 3 }, 'Cannot predict: there is no option "top"; there are batchSize, prior'],
    [{ toString: 1 }, 'there is no option "toString"'],
  ])('refuses %j', (given, message) => {
    const options: Options = given as never;
    expect(() => requireKnown(options, about)).toThrow(message);
  });
});
