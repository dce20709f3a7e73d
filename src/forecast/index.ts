export type { ExpectedEpoch } from './cost.js';
export { type Forecast, forecast, type Processes } from './forecast.js';
export { MemoryError, type MemoryNeed, requireDataMemory, requireMemory } from './memory.js';
export type { DataSizes } from './probe.js';
