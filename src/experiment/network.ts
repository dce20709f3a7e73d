import { existsSync, readFileSync, statSync } from 'node:fs';
import { Rng } from '../data/index.js';
import { orKnown } from '../label/index.js';
import { models } from '../net/index.js';
import { changeText, type RunFolder, unsealed } from '../run/index.js';
import {
  dartsSpace,
  genotypeNames,
  namedGenotype,
  randomGenotype,
  readGenotypes,
  type SearchSpace,
} from '../space/index.js';
import type { Network } from './network-cells.js';

export const RANDOM = 'random';
const NODES = 4; // of a random cell, as in DARTS

/** What `tailnas train` knows by name, apart from `random`. */
export const networkNames = (): readonly string[] => [...genotypeNames, ...models.names().map(usual)];

/** A ResNet is named with its depth: `resnet32` is `resnet(32)`. */
const usual = (name: string): string => (name === 'resnet' ? 'resnet32' : name);
const labelOf = (word: string): string => word.replace(/^resnet(\d+)$/, 'resnet($1)');

const ofRun = (path: string, { info, readGenotype, readEvaluation, records }: RunFolder): Network => {
  const { network, phases, options } = info.experiment;
  if (network !== null) {
    const { genotypes } = network;
    return { ...network, genotypes: genotypes && readGenotypes(genotypes, { from: `${path}/run.json` }) };
  }
  const epochs = phases.reduce((sum, phase) => sum + phase.epochs, 0);
  if (readEvaluation() === undefined)
    throw new RangeError(
      `Cannot train ${path}: its search must be finished, it is at epoch ${records().length} of ${epochs}; ` +
        `continue it with \`tailnas resume ${path}\``,
    );
  const saved = readGenotype();
  const found = saved ?? records().at(-1)?.genotype;
  if (found === undefined)
    throw new RangeError(
      `Cannot train ${path}: a finished search must have its cells in genotype.json or metrics.jsonl, they are in ` +
        'neither; restore one from a copy, or search again',
    );
  return {
    name: info.name + changeText(info.changes),
    genotypes: readGenotypes(found, { from: `${path}/${saved === undefined ? 'metrics.jsonl' : 'genotype.json'}` }),
    search: { name: info.name, seed: info.seed, options, fingerprint: info.data.fingerprint },
  };
};

const ofFile = (path: string): Network => {
  const action = `Cannot read ${path}`;
  const json = (): unknown => {
    try {
      return JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      throw new RangeError(`${action}: it must be a genotype in JSON, it is not JSON; give a genotype.json`);
    }
  };
  // One that a run wrote is sealed, one written by hand is not.
  const own = unsealed(json(), { must: false, action, remedy: 'restore it from a copy' });
  return { name: path, genotypes: readGenotypes(own, { from: path }) };
};

/** Cells drawn at random: the search that costs nothing, and the control of all others. */
const drawn = (space: SearchSpace, { seed, nodes }: { seed: number; nodes: number }): Network => {
  const rng = new Rng(seed, 'genotype');
  const genotype = randomGenotype(space, { nodes, draw: (n) => rng.below(n) });
  const from = `search space "${space.name}"`;
  return {
    name: space === dartsSpace ? RANDOM : `${RANDOM} (space ${space.name})`,
    genotypes: readGenotypes({ backbone: genotype }, { from }), // its operations must have names in run.json
    search: { name: RANDOM, seed, options: { space: space.name, nodes } },
  };
};

/**
 * The network that a word names: a run folder, a file of genotypes, `random`, a published cell, or a model by its
 * label. `space` and `nodes` are those of a random cell; without `paths` the word is a name only. Throws a RangeError
 * for an unknown word, an incomplete file or an unfinished search.
 */
export const networkOf = (
  word: string,
  {
    seed,
    space = dartsSpace,
    nodes = NODES,
    paths = true,
    openRun,
  }: {
    seed: number;
    space?: SearchSpace | undefined;
    nodes?: number | undefined;
    paths?: boolean;
    openRun: (path: string) => RunFolder;
  },
): Network => {
  if (paths && existsSync(word)) return statSync(word).isDirectory() ? ofRun(word, openRun(word)) : ofFile(word);
  if (/[/\\]|\.json$/.test(word))
    throw new RangeError(`Cannot train ${word}: there is no such file or folder; check the path`);
  if (word === RANDOM) return drawn(space, { seed, nodes });
  const known = namedGenotype(word);
  if (known !== undefined) return { name: word, genotypes: { backbone: known } };
  const label = labelOf(word);
  if (models.names().includes(label.split('(')[0] ?? '')) {
    models.read(label); // throws on wrong arguments
    return { name: label, genotypes: null };
  }
  const names = [RANDOM, ...networkNames()];
  throw new RangeError(
    `Cannot train "${word}": it is neither a run, nor a file, nor a known name${orKnown(word, names)}`,
  );
};
