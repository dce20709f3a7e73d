import { loadAddon } from '../engine/load.js';

/** What native/ exports: numbers in, numbers out. A handle is a number that names a tensor; 0 is "none". */
export interface Native {
  /** [number, argument kinds, which may be none, return kinds, argument names, schema] */
  resolve(name: string): [string, string, string, string, string, string];
  call(operator: number, ...args: unknown[]): unknown;
  fromBytes(data: ArrayBufferView, dtype: number, shape: readonly number[]): number;
  toBytes(handle: number): ArrayBuffer;
  /** [dtype, requires grad, channels-last, ...shape] */
  describe(handle: number): number[];
  deviceOf(handle: number): string;
  isLive(handle: number): boolean;
  release(handle: number): void;
  beginScope(): void;
  endScope(keep: readonly number[]): void;
  liveTensors(): number;
  grad(
    outputs: readonly number[],
    inputs: readonly number[],
    gradOutputs: readonly number[],
    retainGraph: boolean,
    createGraph: boolean,
    allowUnused: boolean,
  ): number[];
  setGradMode(enabled: boolean): boolean;
  setRequiresGrad(handle: number, requires: boolean): void;
  memory(resetPeak: boolean): [live: number, peak: number, kept: number];
  trim(): void;
  seed(seed: number): void;
  rngState(device: string): number;
  setRngState(handle: number, device: string): void;
  deviceMemory(device: string, resetPeak: boolean): [live: number, peak: number, kept: number];
  deterministic(on: boolean): void;
  threads(n?: number): number;
  versions(): [libtorch: string, cuda: string];
  /** The instruction set of the fused operations. */
  kernels(): string;
  /** All of these functions again, each timed while it runs. */
  timed(): Native;
  profile(on: boolean): void;
  profiledTime(): number;
  readProfile(): [name: string, calls: number, nanoseconds: number][];
  /** `port` 0: the place is a file. `host` is the own address, by which the others reach this one; '' is found out. */
  joinGroup(
    rank: number,
    size: number,
    place: string,
    port: number,
    serves: boolean,
    prefix: string,
    networkInterface: string,
    host: string,
    seconds: number,
  ): void;
  leaveGroup(): void;
}

let plain: Native | undefined;
let timed: Native | undefined;
let current: Native | undefined;

/** The engine whose calls are never timed: `native()` without profiling. */
export const plainNative = (): Native => {
  plain ??= loadAddon() as Native;
  return plain;
};

/** The engine, loaded (and, the first time on a machine, built) on first use: importing the library costs nothing. */
export const native = (): Native => {
  current ??= plainNative();
  return current;
};

/** Whether each call that `native()` makes from now on is timed. */
export const timeCalls = (on: boolean): void => {
  timed ??= plainNative().timed();
  current = on ? timed : plainNative();
};
