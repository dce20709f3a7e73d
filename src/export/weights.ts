import { parseSafetensors, scope, toSafetensors } from '../tensor/index.js';
import { type Exportable, metadataOf } from './network.js';
import { placeFile, sizeOf } from './place.js';

/** A file of weights that was written. */
export interface WeightsExport {
  readonly file: string;
  readonly bytes: number;
  readonly tensors: number;
}

/**
 * Writes the weights and buffers of a network by name, as PyTorch lays them out, with what is needed to build the
 * network around them in the metadata: cells, options, classes, preparation. Read back and compared before it is in
 * place.
 */
export const placeWeights = (network: Exportable, file: string): WeightsExport => {
  const { weights, info } = network;
  const { experiment } = info;
  const tensors = Object.fromEntries(weights);
  const metadata = {
    format: 'pt', // what readers of the Hub look for: tensors as PyTorch has them
    ...metadataOf(network),
    network: experiment.network?.name ?? experiment.name,
    genotype: JSON.stringify(experiment.network?.genotypes ?? null),
    options: JSON.stringify(experiment.options),
  };
  const pieces = toSafetensors(tensors, { metadata });
  requireSame(network, Buffer.concat(pieces), metadata);
  placeFile(file, pieces);
  return { file, bytes: sizeOf(pieces), tensors: weights.size };
};

/** Throws unless bytes hold the weights and words that were meant. */
const requireSame = ({ weights }: Exportable, bytes: Uint8Array, metadata: Readonly<Record<string, string>>): void => {
  const wrong = scope(() => {
    const read = parseSafetensors(bytes);
    const names = Object.keys(read.tensors);
    if (names.length !== weights.size) return `${names.length} tensors instead of ${weights.size}`;
    const lost = Object.entries(metadata).find(([key, value]) => read.metadata[key] !== value);
    if (lost !== undefined) return `another "${lost[0]}" in its metadata`;
    for (const [name, weight] of weights) {
      const [ours, theirs] = [weight.data(), read.tensors[name]?.data()];
      const shape = read.tensors[name]?.shape.join();
      if (shape !== weight.shape.join() || !ours.every((value, i) => Object.is(value, theirs?.[i])))
        return `another "${name}"`;
    }
    return undefined;
  });
  if (wrong !== undefined)
    throw new Error(`Cannot export weights: the file must hold what was written to it, it has ${wrong}; report this`);
};
