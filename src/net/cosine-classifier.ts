import { linear, mul } from '../tensor/index.js';
import type { Classifier } from './classifier.js';
import { requireScale, unitRows } from './unit-rows.js';

/**
 * Cosines of features and class weights, times `scale`, without bias: how long a class's weight is, which grows with
 * its images, has no say. As LDAM (Cao et al. 2019) has it; weights start at unit length, in random directions.
 */
export const cosineClassifier = (scale = 30): Classifier => {
  requireScale('cosine', scale);
  return {
    label: `cosine(${scale})`,
    cosines: { scale, fixed: false },
    build: (store, { channels, classes }) => {
      const weight = store.weight('weight', [classes, channels], { rowLength: 1 });
      return (features) => mul(linear(unitRows(features), unitRows(weight.value)), scale);
    },
  };
};
