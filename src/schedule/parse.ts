import { numbers, ofNumbers, registry, word } from '../label/index.js';
import { between } from './between.js';
import { constant } from './constant.js';
import { cosine } from './cosine.js';
import { line } from './line.js';
import { lineThenDecay } from './line-then-decay.js';
import { parabolicDecay } from './parabolic-decay.js';
import { product } from './product.js';
import { reverseSigmoid } from './reverse-sigmoid.js';
import type { Schedule } from './schedule.js';
import { freezeForms, softFreeze } from './soft-freeze.js';
import { step } from './step.js';

/** Every schedule that has a spelling. */
export const schedules = registry<Schedule>('schedule', {
  constant: ofNumbers('constant(value)', constant),
  cosine: ofNumbers('cosine(from, to)', cosine),
  linear: ofNumbers('linear(from, to)', line),
  lineThenDecay: ofNumbers('lineThenDecay(from, at)', lineThenDecay),
  parabolicDecay: ofNumbers('parabolicDecay', parabolicDecay),
  reverseSigmoid: ofNumbers(
    'reverseSigmoid or reverseSigmoid(k)',
    (k?: number) => reverseSigmoid(k === undefined ? {} : { k }),
    0,
  ),
  between: ofNumbers('between(from, to)', between),
  step: {
    usage: 'step(at) or step(at, from, to)',
    make: (args) => {
      const values = numbers(args, 1, 3) ?? [];
      const [at, ...levels] = values;
      return at === undefined || levels.length === 1 ? undefined : step(at, ...levels);
    },
  },
  softFreeze: {
    usage: `softFreeze(mixing) or softFreeze(mixing, ${freezeForms.join('|')})`,
    make: ([mixing, second, ...rest], read) => {
      if (mixing === undefined || typeof mixing === 'number' || rest.length > 0) return undefined;
      if (second === undefined) return softFreeze(read(mixing));
      const form = freezeForms.find((f) => f === word(second));
      return form === undefined ? undefined : softFreeze(read(mixing), { form });
    },
  },
  '×': { usage: 'a × b', make: (factors, read) => product(...factors.map(read)) },
});

/**
 * The schedule of a text, in the spelling of labels: `parabolicDecay`, `softFreeze(reverseSigmoid(10))`,
 * `constant(0.02) × cosine(1, 0)`. Reading a built-in schedule's label gives that schedule back. Throws a RangeError
 * that says what was expected.
 */
export const parseSchedule = (text: string): Schedule => schedules.read(text);
