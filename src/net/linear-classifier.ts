import { fullyConnected } from '../nn/index.js';
import type { Classifier } from './classifier.js';

/** A linear layer with bias. */
export const linearClassifier = (): Classifier => ({
  label: 'linear',
  build: (store, { channels, classes, init }) =>
    fullyConnected(store, { input: channels, output: classes, ...(init === undefined ? {} : { init }) }),
});
