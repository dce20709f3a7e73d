// One of two processes, of which the second stands still for longer than the first waits; prints what that one is told.
import { joinGroup, launchOf } from '../../src/group/index.js';

const launch = launchOf(process.env);
if (launch === undefined) throw new Error('it must be one of several processes');
const group = joinGroup(launch, { patience: 3 });
group.texts('both are here');
if (group.rank === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 8_000);
try {
  group.texts('late');
} catch (error) {
  process.stdout.write(error instanceof Error ? error.message : '');
}
process.exit();
