import { fullyConnected, type Init, type Store } from '../nn/index.js';
import { type Features, joined } from '../space/index.js';
import { mean, type Tensor } from '../tensor/index.js';

/** Global average pooling and a linear layer: features [batch, channels, h, w] → logits [batch, classes]. */
export const classifier = (
  store: Store,
  { channels, classes, init }: { channels: number; classes: number; init?: Init },
) => {
  const layer = fullyConnected(store, { input: channels, output: classes, ...(init === undefined ? {} : { init }) });
  return (features: Features): Tensor => layer(joined(features.map((part) => mean(part, { dim: [2, 3] }))));
};
