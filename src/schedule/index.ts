export { constant } from './constant.js';
export { cosine } from './cosine.js';
export { linear } from './linear.js';
export { parabolicDecay } from './parabolic-decay.js';
export { parseSchedule, schedules } from './parse.js';
export { product } from './product.js';
export { reverseSigmoid } from './reverse-sigmoid.js';
export { requireMixing, type Schedule, schedule } from './schedule.js';
export { type FreezeForm, freezeForms, softFreeze } from './soft-freeze.js';
