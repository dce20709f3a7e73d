export { constant } from './constant.js';
export { cosine } from './cosine.js';
export { linear } from './linear.js';
export { product } from './product.js';
export { type Schedule, schedule } from './schedule.js';
