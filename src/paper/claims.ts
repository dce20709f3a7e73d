import { paperAccuracy } from './rows.js';

/** A claim of the paper. How it is measured on runs is in measure/claim-measures.ts, by its name. */
export interface PaperClaim {
  readonly name: string;
  readonly claim: string;
  /** Where the paper makes it. */
  readonly where: string;
  /** The rows that it needs; a claim of a table says that the first is better than the second. */
  readonly recipes: readonly string[];
}

type Claims = Readonly<Record<string, readonly [recipes: readonly string[], claim: string]>>;

const CONTINUED = ['hls-continued-half', 'hls-continued-class', 'hls-continued-reverse', 'hls-continued-frozen'];

/** What the paper (arXiv 2406.07028) claims, in its order: where, by name, of which rows. */
const CLAIMS: Readonly<Record<string, Claims>> = {
  'table I': {
    'resampling-hurts': [['darts', 'darts-resampling'], 'Class-balanced re-sampling makes DARTS worse'],
    'bbn-hurts': [['darts', 'darts-bbn'], 'A bilateral-branch network makes DARTS worse'],
  },
  'table II': {
    'hls-recovers': [['hls', 'darts-bbn'], 'Heterogeneous rates are better than plain BBN'],
    'hls-beats-darts': [['hls', 'darts'], 'HLS is better than DARTS'],
    'reverse-sigmoid-hurts': [
      ['hls', 'hls-reverse-sigmoid'],
      'A reverse sigmoid in place of the parabola makes HLS worse',
    ],
    'continued-hurts': [['hls', 'hls-continued-half'], 'Continuing after the search makes HLS worse'],
  },
  'figure 6': {
    'scaled-everywhere': [['hls', 'darts-bbn'], 'The scaled rate is better at every test-time mixing'],
  },
  'figures 3 and 7': {
    'alpha-settles': [
      ['darts-bbn', 'hls'],
      'The scaled rate lets the backbone’s architecture settle, which otherwise keeps changing',
    ],
  },
  'section IV-C': {
    'class-above-instance': [['hls'], 'The class head alone is better than the instance head alone'],
  },
  'section V-D': {
    'class-head-best': [['hls'], 'At test time the class head alone (mixing 0) is best'],
  },
  'figure 8': {
    'half-most-stable': [CONTINUED, 'Of four ways to continue, mixing 0.5 is the most stable'],
    'class-forgets': [['hls-continued-class'], 'Continuing with the class branch alone makes the instance head forget'],
    'reverse-forgets': [['hls-continued-reverse'], 'So does continuing with a reverse sigmoid'],
    'half-keeps': [CONTINUED.slice(0, 3), 'With mixing 0.5 it forgets less than with either'],
  },
  'theorem 1': {
    'heads-follow': [['hls'], 'The heads’ gradients rise and fall with m and 1 − m'],
    'backbone-steadier': [['hls'], 'The backbone’s gradient changes less than the heads’, if at all'],
  },
};

export const paperClaims: readonly PaperClaim[] = Object.entries(CLAIMS).flatMap(([where, claims]) =>
  Object.entries(claims).map(([name, [recipes, claim]]) => ({ name, claim, where, recipes })),
);

/** The paper's own difference in points; null unless the claim is of a table. */
export const paperDifference = ({ where, recipes }: PaperClaim): number | null => {
  const [better, worse] = recipes.map((recipe) => new Map(Object.entries(paperAccuracy)).get(recipe));
  return where.startsWith('table') && better !== undefined && worse !== undefined ? better - worse : null;
};
