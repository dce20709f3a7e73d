// One of several processes that take a few steps of a case together, and print what these came to.
import { createHash } from 'node:crypto';
import { joinGroup, launchOf } from '../../src/group/index.js';
import { ownShare } from '../../src/loop/streams.js';
import { scope } from '../../src/tensor/index.js';
import { batchesOf, caseNames, knobs, learnerOf, parts, STEPS, stateOf } from './group-cases.js';

const launch = launchOf(process.env);
if (launch === undefined) throw new Error('it must be one of several processes');
const group = joinGroup(launch, { patience: 60 });
for (const name of caseNames) {
  const made = parts(name, process.env['GROUP_DTYPE'] === 'float64' ? 'float64' : 'float32');
  const learner = learnerOf(made, group);
  const reports = Array.from({ length: STEPS }, (_, step) =>
    scope(() => {
      const batches = batchesOf(made, step).map((batch) => ownShare(batch, group));
      return learner.step(batches, { epoch: 0, step, knobs });
    }),
  );
  const state = stateOf(made.model, learner.tensors);
  const hash = createHash('sha256').update(Float64Array.from(state)).digest('hex');
  process.stdout.write(`${JSON.stringify({ name, hash, reports, ...(group.rank === 0 ? { state } : {}) })}\n`);
  learner.dispose();
}
group.leave();
