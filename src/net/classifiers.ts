import { ofNumbers, registry, withDefaults } from '../label/index.js';
import type { Classifier } from './classifier.js';
import { cosineClassifier } from './cosine-classifier.js';
import { etfClassifier } from './etf-classifier.js';
import { linearClassifier } from './linear-classifier.js';

/** Every classifier that has a spelling. */
export const classifiers = registry<Classifier>('classifier', {
  linear: ofNumbers('linear', linearClassifier),
  cosine: withDefaults('cosine', ['scale'], cosineClassifier),
  etf: withDefaults('etf', ['scale'], etfClassifier),
});
