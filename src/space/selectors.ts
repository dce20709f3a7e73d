import { numbers, registry, withDefaults } from '../label/index.js';
import { maxSkips } from './max-skips.js';
import { dartsSelector, type Selector } from './selector.js';
import { threshold } from './threshold.js';

/** All selectors by their spelling. */
export const selectors = registry<Selector>('selector', {
  darts: {
    usage: 'darts or darts(edges to keep)',
    make: (args) => {
      const [keep] = numbers(args, 0, 1) ?? [Number.NaN];
      if (keep === undefined) return dartsSelector();
      return Number.isNaN(keep) ? undefined : dartsSelector({ keep });
    },
  },
  maxSkips: withDefaults('maxSkips', ['most'], maxSkips),
  threshold: withDefaults('threshold', ['least weight'], threshold),
});
