import { z } from 'zod';

// Format 1 had one kind of run: a search, possibly with two branches. Its files are converted here to format 2.

const numbers = z.record(z.string(), z.number());
const sweep = z
  .array(z.looseObject({ mixing: z.number() }))
  .nullable()
  .default(null);
const answersOf = (points: z.infer<typeof sweep>) =>
  points?.map(({ mixing, ...rest }) => ({ at: { mixing }, ...rest })) ?? null;
const mixingOf = (mixing: number | null) => (mixing === null ? {} : { mixing });

const record1 = z.looseObject({
  mixing: z.number().nullable(),
  weightLr: z.number(),
  archLr: numbers,
  sweep,
});

const prefixed = <T>(prefix: string, values: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));

/** A record of format 1 as one of format 2; anything else as it is. */
export function upgradeRecord(value: unknown): unknown {
  const old = record1.safeParse(value);
  if (!old.success) return value;
  const { mixing, weightLr, archLr, sweep: points, ...rest } = old.data;
  return {
    kind: 'search',
    ...rest,
    knobs: { ...mixingOf(mixing), weightLr, ...prefixed('archLr', archLr) },
    answers: answersOf(points),
  };
}

const evaluation1 = z.looseObject({
  split: z.string(),
  at: z.undefined().optional(),
  mixing: z.number().nullable().default(null),
  sweep: z.object({ valid: sweep, test: sweep }).nullable().default(null),
});

/** An evaluation of format 1 as one of format 2; anything else as it is. */
export function upgradeEvaluation(value: unknown): unknown {
  const old = evaluation1.safeParse(value);
  if (!old.success) return value;
  const { mixing, sweep: both, at: _, ...rest } = old.data;
  return {
    ...rest,
    at: mixingOf(mixing),
    answers: both === null ? null : { valid: answersOf(both.valid), test: answersOf(both.test) },
  };
}

const labels = z.record(z.string(), z.string());
const scalars = z.record(z.string(), z.union([z.number(), z.string()]));
const info1 = z.looseObject({
  format: z.literal(1),
  recipe: z.looseObject({
    name: z.string(),
    label: z.string(),
    paper: z.number().nullable(),
    method: z.looseObject({
      label: z.string(),
      streams: z.array(z.string()),
      mixing: z.string().nullable(),
      archLr: labels,
    }),
    loss: z.string(),
    settings: scalars,
    switches: scalars.default({}),
    phases: z
      .array(
        z.looseObject({
          name: z.string(),
          epochs: z.number(),
          mixing: z.string().nullable(),
          archLr: labels,
          frozen: z.array(z.string()),
        }),
      )
      .default([]),
  }),
  overrides: z.record(z.string(), z.unknown()).default({}),
  data: z.looseObject({}),
});

/** The eight operations of the only search space that runs of format 1 had. */
const DARTS = [
  'none',
  'max_pool_3x3',
  'avg_pool_3x3',
  'skip_connect',
  'sep_conv_3x3',
  'sep_conv_5x5',
  'dil_conv_3x3',
  'dil_conv_5x5',
];
/** Settings that say how a method learns; the others say how large it is. */
const OF_METHOD = ['order', 'archOptimizer', 'archLr', 'weightLr'];

/** A description of format 1 as one of format 2; anything else as it is. */
export function upgradeInfo(value: unknown): unknown {
  const old = info1.safeParse(value);
  if (!old.success) return value;
  const { recipe, overrides, data, ...rest } = old.data;
  const { settings, switches, method } = recipe;
  const bilateral = method.mixing !== null;
  const components = bilateral ? ['backbone', 'instance', 'class'] : ['backbone'];
  const phase = (mixing: string | null, factors: Readonly<Record<string, string>>) => ({
    weightLr: `cosine(${settings['weightLr']}, ${settings['weightLrMin']})`,
    ...prefixed(
      'archLr',
      Object.fromEntries(
        components.map((name) => {
          const base = `constant(${settings['archLr']})`;
          return [name, factors[name] === undefined ? base : `${base} × ${factors[name]}`];
        }),
      ),
    ),
    ...(mixing === null ? {} : { mixing }),
  });
  const [own = 'instance', other] = method.streams;
  const given = Object.entries(overrides);
  return {
    host: null,
    ...rest,
    format: 2,
    experiment: {
      kind: 'search',
      name: recipe.name,
      label: recipe.label,
      paper: recipe.paper,
      method: method.label,
      options: {
        ...settings,
        loss: recipe.loss,
        sampling: other ?? own,
        ...(method.mixing === null ? {} : { mixing: method.mixing }),
        ...switches,
      },
      streams: ['train', 'valid'].flatMap((part) => method.streams.map((sampling) => ({ part, sampling }))),
      space: { name: 'darts', primitives: DARTS },
      network: null,
      phases: [
        { name: 'search', epochs: settings['epochs'], knobs: phase(method.mixing, method.archLr), frozen: [] },
        ...recipe.phases.map(({ name, epochs, mixing, archLr, frozen }) => ({
          name,
          epochs,
          knobs: phase(mixing, archLr),
          frozen,
        })),
      ],
    },
    overrides: Object.fromEntries(given.filter(([key]) => !OF_METHOD.includes(key))),
    changes: { ...switches, ...Object.fromEntries(given.filter(([key]) => OF_METHOD.includes(key))) },
    data: { channels: null, imageSize: null, mean: null, std: null, fit: null, ...data },
  };
}
