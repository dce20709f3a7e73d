/**
 * A live page of run folders, without the engine: what runs, how far it is, and how it does.
 * @module
 */
export { isLoopback, type Watching, type WatchOptions, watch } from './listen.js';
export { keepHeapSmall } from './small-heap.js';
