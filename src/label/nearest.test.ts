import { describe, expect, it } from 'vitest';
import { didYouMean, orKnown } from './index.js';

const PRIMITIVES = ['none', 'max_pool_3x3', 'skip_connect', 'sep_conv_3x3', 'dil_conv_5x5', 'sep_conv_7x7'];

describe('what a misspelt word may have meant', () => {
  it.each([
    ['conv_9x9', PRIMITIVES, 'sep_conv_3x3'],
    ['SKIP_CONNECT', PRIMITIVES, 'skip_connect'],
    ['hsl', ['darts', 'hls'], 'hls'],
    ['balanced', ['ce', 'balanced-softmax'], 'balanced-softmax'],
  ])('%s is the word most of whose letters it shares', (word, words, meant) => {
    expect(didYouMean(word, words)).toBe(` did you mean "${meant}"?`);
  });

  it.each([
    ['mine', []],
    ['octave', ['darts', 'hls']],
    ['', ['darts']],
  ])('"%s" is like none of %j', (word, words) => expect(didYouMean(word, words)).toBe(''));

  it('is followed by all the names, whether one is near or not', () => {
    const rest = '(one of darts, hls; a name from your own module needs --use <module>)';
    expect(orKnown('dart', ['darts', 'hls'])).toBe(`: did you mean "darts"? ${rest}`);
    expect(orKnown('octave', ['darts', 'hls'])).toBe(` ${rest}`);
  });
});
