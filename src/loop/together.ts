import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Group, PeerError } from '../group/index.js';
import type { Learner } from '../learn/index.js';

/** All tensors of a learner as one short text: equal only where they are equal to the bit. */
const fingerprintOf = ({ model: { store }, tensors }: Pick<Learner, 'model' | 'tensors'>): string => {
  const hash = createHash('sha256').update(store.layoutHash);
  for (const t of [store.flat, ...store.buffers.values(), ...Object.values(tensors)]) hash.update(t.data());
  return hash.digest('hex').slice(0, 16);
};

const saying = z.object({ fingerprint: z.string(), reason: z.string().nullable() });

/**
 * What a group of processes must agree on before it goes on: that all hold the same network to the bit, and why a phase
 * should end, which is for the first of them to say. Returns that reason. Throws a PeerError where networks differ.
 */
export const agreed = (
  group: Group,
  { learner, reason }: { learner: Pick<Learner, 'model' | 'tensors'>; reason?: string | undefined },
): string | undefined => {
  if (group.size === 1) return reason;
  const own = { fingerprint: fingerprintOf(learner), reason: reason ?? null };
  const all = group.texts(JSON.stringify(own)).map((text) => saying.parse(JSON.parse(text)));
  const [first] = all;
  const other = all.findIndex(({ fingerprint }) => fingerprint !== first?.fingerprint);
  if (other >= 0)
    throw new PeerError(
      `process ${other} has other weights than process 0: their machines compute differently; take machines of one ` +
        'kind, or set TAILNAS_KERNELS=avx2 and ATEN_CPU_CAPABILITY=avx2 for all',
    );
  return first?.reason ?? undefined;
};
