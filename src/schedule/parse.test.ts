import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  constant,
  cosine,
  freezeForms,
  line,
  parabolicDecay,
  parseSchedule,
  product,
  reverseSigmoid,
  type Schedule,
  softFreeze,
  step,
} from './index.js';

// Without −0, which a label writes as 0.
const number = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((x) => x + 0);
const plain: fc.Arbitrary<Schedule> = fc.oneof(
  number.map(constant),
  fc.tuple(number, number).map(([a, b]) => cosine(a, b)),
  fc.tuple(number, number).map(([a, b]) => line(a, b)),
  fc.constant(parabolicDecay()),
  fc.double({ min: 0, max: 1, noNaN: true }).map((at) => step(at)),
  fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), number, number).map(([at, a, b]) => step(at, a, b)),
  fc.double({ min: 1, max: 100, noNaN: true }).map((k) => reverseSigmoid({ k })),
  fc.constantFrom(...freezeForms).map((form) => softFreeze(parabolicDecay(), { form })),
);

describe('reading a schedule', () => {
  it('gives back the schedule whose label it reads', () => {
    fc.assert(
      fc.property(
        fc.array(plain, { minLength: 1, maxLength: 3 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (parts, t) => {
          const s = product(...parts);
          const read = parseSchedule(s.label);
          expect(read.label).toBe(s.label);
          expect(read(t)).toBe(parts.length === 1 ? parts[0]?.(t) : s(t));
        },
      ),
    );
  });

  it('lets a product be written with an asterisk, and takes spaces as they come', () => {
    expect(parseSchedule(' constant( 2 )*linear(1,0) ').label).toBe('constant(2) × linear(1, 0)');
  });

  it.each([
    ['parabolicDeca', /unknown schedule "parabolicDeca": did you mean "parabolicDecay"\?/],
    ['0.5', /Cannot read schedule "0.5": a number that stays is written constant\(0.5\)/],
    ['', /it ends where a schedule should be/],
    ['constant(1', /it ends where a closing bracket should be/],
    ['constant(1, 2)', /it must be written constant\(value\)/],
    ['cosine(1, parabolicDecay)', /it must be written cosine\(from, to\)/],
    ['softFreeze(0.5)', /it must be written softFreeze\(mixing\)/],
    ['softFreeze(parabolicDecay, cube)', /it must be written softFreeze\(mixing\) or softFreeze\(mixing, exp/],
    ['linear(1, 0) linear(1, 0)', /"linear" is not expected/],
    ['linear(1; 0)', /"; 0\)" is neither a name/],
    ['reverseSigmoid(0)', /k must be > 0, got 0/],
    ['step', /it must be written step\(at\) or step\(at, from, to\)/],
    ['step(0.8, 1)', /it must be written step\(at\) or step\(at, from, to\)/],
    ['step(160)', /step must be at t in \[0, 1\], got 160/],
  ])('refuses %s and says what it should be', (text, message) => {
    expect(() => parseSchedule(text)).toThrow(message);
  });
});
