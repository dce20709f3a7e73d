import type { Dataset, Progress } from '../data/index.js';
import type { Plan } from '../experiment/index.js';
import type { Forecast } from '../forecast/index.js';
import type { Group } from '../group/index.js';
import type { OptionNames } from '../label/index.js';
import type { StepProfiler } from '../learn/index.js';
import type { LoopEvent } from '../loop/index.js';
import type { Evaluation } from '../run/index.js';
import type { Genotypes } from '../space/index.js';
import type { DataOrigin } from './data-origin.js';
import type { DataRequest } from './data-request.js';

/** A run that is to leave a folder behind. */
export interface RunRequest {
  readonly plan: Plan;
  /** Which data to learn from; only for the record where `dataset` is given, and then it can be left out. */
  readonly data?: DataRequest | undefined;
  /** Images that are in memory already. Resuming needs them again, from `data` or given. */
  readonly dataset?: Dataset | undefined;
  /** The run that the data are taken from: they must not have changed. */
  readonly origin?: DataOrigin | undefined;
  /** 0 unless said. */
  readonly seed?: number | undefined;
  /** The CPU unless said. */
  readonly device?: string | undefined;
  /** As many as the machine has, unless said. */
  readonly threads?: number | undefined;
  /** The run folder: new or empty. */
  readonly out: string;
  /** A finished run that did the plan's first phases: they are taken from it instead of being run again. */
  readonly from?: string | undefined;
  /** The scale and the sizes that were asked for, for the record. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  readonly command?: readonly string[];
}

export const runRequestNames: OptionNames<RunRequest> = {
  ...{ plan: true, data: true, dataset: true, origin: true, seed: true, device: true, threads: true, out: true },
  ...{ from: true, overrides: true, command: true },
};

/** Who follows a run, and how. */
export interface Watch {
  /** Aborting it saves a checkpoint and ends the run early. */
  readonly signal?: AbortSignal;
  /** Between checkpoints within an epoch. */
  readonly checkpointSeconds?: number;
  readonly onDataProgress?: Progress;
  /** Times the steps. */
  readonly profiler?: StepProfiler | undefined;
  /** Whether to measure first what the run needs, and to refuse what cannot fit; yes unless said. */
  readonly forecast?: boolean | undefined;
  /** Start even if the run is expected to need more memory than it can have. */
  readonly force?: boolean | undefined;
  /** The processes that carry the run out together, each with the same request; this one alone unless said. */
  readonly group?: Group | undefined;
}

export const watchNames: OptionNames<Watch> = {
  ...{
    signal: true,
    checkpointSeconds: true,
    onDataProgress: true,
    profiler: true,
    forecast: true,
    force: true,
    group: true,
  },
};

/** What a run reports while it runs. */
export type RunEvent =
  | LoopEvent
  | {
      readonly type: 'start';
      readonly run: string;
      readonly plan: Plan;
      readonly weights: number;
      readonly kernels: string;
      readonly stepsPerEpoch: number;
      readonly imagesPerStep: number;
      readonly epoch: number;
      /** Of all phases. */
      readonly epochs: number;
    }
  | ({ readonly type: 'forecast' } & Forecast)
  | { readonly type: 'notice'; readonly text: string }
  | { readonly type: 'test'; readonly done: number; readonly total: number };

/** Where a run's events go: a terminal, a file, a page. */
export interface Sink {
  on(event: RunEvent): void;
  end(): void;
}

/** How a run ended. `evaluation` is there when it went to its end. */
export interface RunResult {
  readonly run: string;
  readonly interrupted: boolean;
  readonly evaluation?: Evaluation;
  readonly genotypes: Genotypes;
}
