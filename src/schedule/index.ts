export { constant } from './constant.js';
export { cosine } from './cosine.js';
export { linear } from './linear.js';
export { parabolicDecay } from './parabolic-decay.js';
export { product } from './product.js';
export { reverseSigmoid } from './reverse-sigmoid.js';
export { type Schedule, schedule } from './schedule.js';
export { softFreeze } from './soft-freeze.js';
