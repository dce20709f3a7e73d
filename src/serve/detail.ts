import { createHash } from 'node:crypto';
import { operationLooks } from '../figure/looks.js';
import { edgeOf, plural, recordedCommand, rowLabel, sourceName } from '../measure/index.js';
import { type CellGenotype, cellLines, type RunInfo, rankOrder } from '../run/index.js';
import { type Columns, type History, sharesOf } from './history.js';
import { plannedCurve } from './planned-curve.js';
import { shown as text } from './shown.js';

/** The value of a schedule: as it was after each epoch, and as it is planned for all of them. */
interface Knob {
  readonly name: string;
  /** Its formula in each phase that has it. */
  readonly label: string;
  readonly values: readonly (number | null)[];
  readonly planned: readonly (readonly [epoch: number, value: number])[];
}

interface Edge {
  readonly name: string;
  readonly operations: readonly string[];
  /** [epochs shown][operations] */
  readonly weights: readonly (readonly number[])[];
}

/** Operation weights of one kind of cell over epochs. */
interface Alpha {
  readonly title: string;
  readonly epochs: readonly number[];
  readonly edges: readonly Edge[];
}

/** A cell as it would be derived now. */
export interface NamedCell {
  readonly title: string;
  /** Of its content: it changes when the cell does. */
  readonly version: string;
  /** In words, node by node. */
  readonly lines: readonly string[];
}

/** A run as its own part of the page has it. */
export interface Detail {
  readonly label: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly phases: readonly { readonly name: string; readonly epochs: number }[];
  readonly columns: Columns;
  readonly knobs: readonly Knob[];
  /** Of the last epoch's validation, from the class with most training images to that with fewest. */
  readonly classes: readonly {
    readonly name: string;
    readonly group: 'head' | 'middle' | 'tail';
    readonly images: number;
    readonly accuracy: number | null;
  }[];
  readonly alpha: readonly Alpha[];
  /** How each operation is drawn: colour as `#rrggbb`, dashes as SVG has them. */
  readonly looks: Readonly<Record<string, { readonly color: string; readonly dash: string }>>;
  readonly cells: readonly NamedCell[];
}

/** No chart has room for more. */
const MOST_POINTS = 400;
const MOST_ALPHA_EPOCHS = 60;
const MOST_CLASSES = 2000;
const MOST_KNOBS = 40;
const EMPTY = { layout: [], values: new Uint16Array(0) };

/** Indices at even distances, the first and the last included. */
export const evenly = (count: number, most: number): number[] =>
  count <= most
    ? Array.from({ length: count }, (_, i) => i)
    : Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)));

const pick = <T>(values: readonly T[], at: readonly number[]): T[] =>
  at.flatMap((i) => {
    const value = values[i];
    return value === undefined ? [] : [value];
  });

const pointsOf = ({ times }: History): number[] => evenly(times.length, MOST_POINTS);

/** The curves of a run, of many epochs as many as a chart has room for. */
export const thinned = (past: History): Columns => {
  const at = pointsOf(past);
  const { columns } = past;
  return {
    epoch: pick(columns.epoch, at),
    trainLoss: pick(columns.trainLoss, at),
    validLoss: pick(columns.validLoss, at),
    trainAccuracy: pick(columns.trainAccuracy, at),
    accuracy: pick(columns.accuracy, at),
    perClass: pick(columns.perClass, at),
    head: pick(columns.head, at),
    middle: pick(columns.middle, at),
    tail: pick(columns.tail, at),
  };
};

const knobsOf = ({ experiment: { phases } }: RunInfo, past: History, at: readonly number[]): Knob[] => {
  const names = [...new Set([...phases.flatMap(({ knobs }) => Object.keys(knobs)), ...past.knobs.keys()])].slice(
    0,
    MOST_KNOBS,
  );
  return names.map((name) => ({
    name: text(name),
    label: text(phases.flatMap(({ knobs }) => knobs[name] ?? []).join(', then ')),
    values: pick(past.knobs.get(name) ?? [], at),
    planned: plannedCurve(phases, { name, most: MOST_POINTS }),
  }));
};

const alphaOf = ({ experiment: { space } }: RunInfo, { weights, columns, last }: History): Alpha[] => {
  const layout = weights.at(-1)?.layout ?? [];
  // A later stage of a search may have fewer operations: older epochs are of other edges.
  const found = [...weights.keys()].filter((i) => weights[i]?.layout === layout);
  const shown = pick(found, evenly(found.length, MOST_ALPHA_EPOCHS));
  return layout.map(({ component, kind, edges }, cell) => {
    const epochs = shown.map((i) => ({ epoch: columns.epoch[i] ?? 0, rows: sharesOf(weights[i] ?? EMPTY, cell) }));
    const names = last?.operations?.[component]?.[kind];
    return {
      title: text(`${component}, ${kind} cell`),
      epochs: epochs.map(({ epoch }) => epoch),
      edges: edges.map((operations, edge) => {
        const { node, source } = edgeOf(edge);
        return {
          name: `${node} ← ${sourceName(source)}`,
          operations: Array.from({ length: operations }, (_, op) =>
            text(names?.[edge]?.[op] ?? space?.primitives[op] ?? `operation ${op + 1}`),
          ),
          weights: epochs.map(({ rows }) => rows[edge] ?? []),
        };
      }),
    };
  });
};

const looksOf = (alpha: readonly Alpha[]): Detail['looks'] => {
  const names = [...new Set(alpha.flatMap(({ edges }) => edges.flatMap(({ operations }) => operations)))];
  const looks = operationLooks(names);
  return Object.fromEntries(
    names.map((name, i) => [name, { color: looks[i]?.color ?? '#000000', dash: looks[i]?.dash ?? '' }]),
  );
};

/** The cells of the newest record, or of the network that is trained. */
export const cellsIn = (info: RunInfo, past: History): { title: string; version: string; cell: CellGenotype }[] =>
  Object.entries(past.last?.genotype ?? info.experiment.network?.genotypes ?? {}).flatMap(([component, kinds]) =>
    Object.entries(kinds).flatMap(([kind, cell]) => {
      if (cell === undefined) return [];
      const title = text(`${component}, ${kind} cell`);
      const version = createHash('sha256')
        .update(JSON.stringify([title, cell]))
        .digest('hex')
        .slice(0, 12);
      return [{ title, version, cell }];
    }),
  );

const factsOf = (info: RunInfo): [string, string][] => {
  const { data, experiment, host, startedAt, threads, seed, size } = info;
  const images = data.counts.train.reduce((a, b) => a + b, 0);
  return [
    ['method', `${rowLabel(info)}, seed ${seed}`],
    ['data', `${data.name}: ${plural(data.classes.length, 'class', 'classes')}, ${plural(images, 'training image')}`],
    ['phases', experiment.phases.map(({ name, epochs }) => `${name}, ${plural(epochs, 'epoch')}`).join('; ')],
    ...(size === undefined ? [] : [['weights', size.weights.toLocaleString('en-US')] satisfies [string, string]]),
    ['started', `${startedAt}${host === null ? '' : ` on ${host.name}`}, ${plural(threads, 'thread')}`],
    ['command', recordedCommand(info.command, info)],
  ];
};

export const detailOf = (info: RunInfo, { past }: { past: History }): Detail => {
  const { classes, counts } = info.data;
  const at = pointsOf(past);
  const groups = rankOrder(counts.train);
  const perClass = past.last?.perClassAccuracy ?? [];
  const alpha = alphaOf(info, past);
  return {
    label: text(rowLabel(info)),
    facts: factsOf(info).map(([name, value]) => [name, text(value)]),
    phases: info.experiment.phases.map(({ name, epochs }) => ({ name: text(name), epochs })),
    columns: thinned(past),
    knobs: knobsOf(info, past, at),
    classes: (['head', 'middle', 'tail'] as const)
      .flatMap((group) => groups[group].map((c) => ({ c, group })))
      .slice(0, MOST_CLASSES)
      .map(({ c, group }) => ({
        name: text(classes[c] ?? String(c)),
        group,
        images: counts.train[c] ?? 0,
        accuracy: perClass[c] ?? null,
      })),
    alpha,
    looks: looksOf(alpha),
    cells: cellsIn(info, past).map(({ title, version, cell }) => ({
      title,
      version,
      lines: cellLines(cell).map(text),
    })),
  };
};
