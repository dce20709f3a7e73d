import { existsSync, readFileSync, statSync } from 'node:fs';
import { Rng } from '../data/index.js';
import { didYouMean, knownNames } from '../label/index.js';
import { models } from '../net/index.js';
import type { RunFolder } from '../run/index.js';
import { dartsSpace, genotypeNames, namedGenotype, randomGenotype, readGenotypes } from '../space/index.js';
import type { Network } from './train.js';

const RANDOM = 'random';
const NODES = 4; // of a random cell, as in DARTS

/** What `tailnas train` knows by name, beside `random`. */
export const networkNames = (): readonly string[] => [...genotypeNames, ...models.names().map(usual)];

/** A ResNet is named with its depth: `resnet32` is `resnet(32)`. */
const usual = (name: string): string => (name === 'resnet' ? 'resnet32' : name);
const labelOf = (word: string): string => word.replace(/^resnet(\d+)$/, 'resnet($1)');

const ofRun = (path: string, { info, readGenotype, readEvaluation, records }: RunFolder): Network => {
  const { network, phases } = info.experiment;
  if (network !== null) return network;
  const epochs = phases.reduce((sum, phase) => sum + phase.epochs, 0);
  const found = readGenotype();
  if (readEvaluation() === undefined || found === undefined)
    throw new RangeError(
      `Cannot train ${path}: its search must be finished, it is at epoch ${records().length} of ${epochs}; ` +
        `continue it with \`tailnas resume ${path}\``,
    );
  return {
    name: `${info.name}, seed ${info.seed}`,
    genotypes: readGenotypes(found, { from: `${path}/genotype.json` }),
  };
};

const ofFile = (path: string): Network => {
  const json = (): unknown => {
    try {
      return JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      throw new RangeError(`Cannot read ${path}: it must be a genotype in JSON, it is not JSON; give a genotype.json`);
    }
  };
  return { name: path, genotypes: readGenotypes(json(), { from: path }) };
};

/**
 * The network that a word stands for: a run folder, a file of genotypes, `random`, a published cell, or a model by its
 * label. Throws a RangeError that says what the word is not, what a file lacks, or how far a search is.
 */
export const networkOf = (
  word: string,
  { seed, openRun }: { seed: number; openRun: (path: string) => RunFolder },
): Network => {
  if (existsSync(word)) return statSync(word).isDirectory() ? ofRun(word, openRun(word)) : ofFile(word);
  if (/[/\\]|\.json$/.test(word))
    throw new RangeError(`Cannot train ${word}: there is no such file or folder; check the path`);
  if (word === RANDOM) {
    const rng = new Rng(seed, 'genotype');
    const genotype = randomGenotype(dartsSpace, { nodes: NODES, draw: (n) => rng.below(n) });
    return { name: `${RANDOM}-${seed}`, genotypes: { backbone: genotype } };
  }
  const known = namedGenotype(word);
  if (known !== undefined) return { name: word, genotypes: { backbone: known } };
  const label = labelOf(word);
  if (models.names().includes(label.split('(')[0] ?? '')) {
    models.read(label); // throws on wrong arguments
    return { name: label, genotypes: null };
  }
  const names = [RANDOM, ...networkNames()];
  throw new RangeError(
    `Cannot train "${word}": it is neither a run, nor a file, nor a known name:${didYouMean(word, names)} ${knownNames(names)}`,
  );
};
