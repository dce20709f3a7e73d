import { paperAccuracy } from './rows.js';

/** A claim of the paper. How it is measured on runs is in measure/claim-measures.ts, by its name. */
export interface PaperClaim {
  readonly name: string;
  readonly claim: string;
  /** Where the paper makes it. */
  readonly where: string;
  /** The rows that it needs; a claim of a table says that the first is better than the second. */
  readonly recipes: readonly string[];
  /** The paper's own difference in points, for a claim of a table. */
  readonly difference?: number;
}

const table2 = paperAccuracy;

/** What the paper (arXiv 2406.07028) claims, in its order. */
export const paperClaims: readonly PaperClaim[] = [
  {
    name: 'resampling-hurts',
    claim: 'Class-balanced re-sampling makes DARTS worse',
    where: 'table I',
    recipes: ['darts', 'darts-resampling'],
    difference: table2.darts - table2['darts-resampling'],
  },
  {
    name: 'bbn-hurts',
    claim: 'A bilateral-branch network makes DARTS worse',
    where: 'table I',
    recipes: ['darts', 'darts-bbn'],
    difference: table2.darts - table2['darts-bbn'],
  },
  {
    name: 'hls-recovers',
    claim: 'Heterogeneous rates are better than plain BBN',
    where: 'table II',
    recipes: ['hls', 'darts-bbn'],
    difference: table2.hls - table2['darts-bbn'],
  },
  {
    name: 'hls-beats-darts',
    claim: 'HLS is better than DARTS',
    where: 'table II',
    recipes: ['hls', 'darts'],
    difference: table2.hls - table2.darts,
  },
  {
    name: 'reverse-sigmoid-hurts',
    claim: 'A reverse sigmoid in place of the parabola makes HLS worse',
    where: 'table II',
    recipes: ['hls', 'hls-reverse-sigmoid'],
    difference: table2.hls - table2['hls-reverse-sigmoid'],
  },
  {
    name: 'continued-hurts',
    claim: 'Going on after the search makes HLS worse',
    where: 'table II',
    recipes: ['hls', 'hls-continued-half'],
    difference: table2.hls - table2['hls-continued-half'],
  },
  {
    name: 'scaled-everywhere',
    claim: 'The scaled rate is better at every test-time mixing',
    where: 'figure 6',
    recipes: ['hls', 'darts-bbn'],
  },
  {
    name: 'alpha-settles',
    claim: 'The scaled rate lets the backbone’s architecture settle, which else keeps changing',
    where: 'figures 3 and 7',
    recipes: ['darts-bbn', 'hls'],
  },
  {
    name: 'class-above-instance',
    claim: 'The class head alone is better than the instance head alone',
    where: 'section IV-C',
    recipes: ['hls'],
  },
  {
    name: 'class-head-best',
    claim: 'At test time the class head alone (mixing 0) is best',
    where: 'section V-D',
    recipes: ['hls'],
  },
  {
    name: 'half-most-stable',
    claim: 'Of four ways to go on, mixing 0.5 is the most stable',
    where: 'figure 8',
    recipes: ['hls-continued-half', 'hls-continued-class', 'hls-continued-reverse', 'hls-continued-frozen'],
  },
  {
    name: 'class-forgets',
    claim: 'Going on with the class branch alone makes the instance head forget',
    where: 'figure 8',
    recipes: ['hls-continued-class'],
  },
  {
    name: 'reverse-forgets',
    claim: 'So does going on with a reverse sigmoid',
    where: 'figure 8',
    recipes: ['hls-continued-reverse'],
  },
  {
    name: 'half-keeps',
    claim: 'With mixing 0.5 it forgets less than with either',
    where: 'figure 8',
    recipes: ['hls-continued-half', 'hls-continued-class', 'hls-continued-reverse'],
  },
  {
    name: 'heads-follow',
    claim: 'The heads’ gradients rise and fall with m and 1 − m',
    where: 'theorem 1',
    recipes: ['hls'],
  },
  {
    name: 'backbone-steadier',
    claim: 'The backbone’s gradient changes less than the heads’, if at all',
    where: 'theorem 1',
    recipes: ['hls'],
  },
];
