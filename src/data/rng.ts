const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** The finalizer of splitmix32: a bijection in which every input bit reaches every output bit. */
const mix = (word: number): number => {
  let z = word | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
};

const digest = (words: readonly number[], start: number): number =>
  words.reduce((hash, word) => mix((hash ^ word) + 0x9e3779b9), mix(start));

/**
 * Draws every random number of the data room, so that a run can be repeated and resumed exactly.
 * xoshiro128** (Blackman and Vigna), its state filled by the mixing step of splitmix32.
 * Different stream names give independent sequences from one seed.
 */
export class Rng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** Throws when `seed` is not an integer >= 0. */
  constructor(seed: number, stream = '') {
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new Error(`Cannot make a random generator: seed must be an integer >= 0, got ${seed}; choose another seed`);
    const words = [seed >>> 0, Math.floor(seed / 2 ** 32), ...new TextEncoder().encode(stream)];
    this.#a = digest(words, 1);
    this.#b = digest(words, 2);
    this.#c = digest(words, 3);
    this.#d = digest(words, 4);
  }

  /** Continues a generator exactly where `state` was taken. */
  static from(state: readonly number[]): Rng {
    const [a, b, c, d, ...rest] = state;
    const valid = state.every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 32) && state.some(Boolean);
    if (a === undefined || b === undefined || c === undefined || d === undefined || rest.length > 0 || !valid)
      throw new Error(
        `Cannot restore a random generator: its state must be 4 integers below 2^32, not all 0, got [${state}]; ` +
          'use a state that a generator gave',
      );
    const rng = new Rng(0);
    rng.#a = a | 0;
    rng.#b = b | 0;
    rng.#c = c | 0;
    rng.#d = d | 0;
    return rng;
  }

  /** All there is to know to continue: 4 integers, plain JSON. */
  state(): number[] {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0];
  }

  /** An integer in [0, 2^32). */
  uint32(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotate(this.#d, 11);
    return result >>> 0;
  }

  /** A number in [0, 1), in steps of 2^-32. */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** An integer in [0, n), each equally likely: draws from the incomplete last multiple of n are thrown away. */
  below(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32)
      throw new Error(`Cannot draw a random integer: the bound must be an integer from 1 to 2^32, got ${n}`);
    const limit = 2 ** 32 - (2 ** 32 % n);
    let drawn = this.uint32();
    while (drawn >= limit) drawn = this.uint32();
    return drawn % n;
  }

  /** Puts `array` in random order, in place (Fisher and Yates), and returns it. */
  shuffle(array: Uint32Array): Uint32Array {
    for (let last = array.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const held = array[last] ?? 0;
      array[last] = array[other] ?? 0;
      array[other] = held;
    }
    return array;
  }
}
