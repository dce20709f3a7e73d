import { native } from './native.js';
import { tensorOp } from './operator.js';
import type { Tensor } from './tensor.js';

/** The name by which c10d knows the one group that a process can be in. */
const NAME = 'tailnas';

const allReduceOp = tensorOp('_c10d_functional::all_reduce_', 'input', 'reduce_op', 'group_name');
const allGatherOp = tensorOp('_c10d_functional::all_gather_into_tensor', 'input', 'group_size', 'group_name');
const waitOp = tensorOp('_c10d_functional::wait_tensor', 'tensor');

/** Where processes meet, and which of them this is. */
export interface Meeting {
  readonly rank: number;
  readonly size: number;
  /** A file, where `port` is 0, or the host that listens on it. */
  readonly place: string;
  readonly port: number;
  /** Whether this process listens on that port; else it is another, or the launcher. */
  readonly serves: boolean;
  /** Keeps a second attempt apart from what the first left at the meeting place. */
  readonly attempt: string;
  /** The network interface that data go over; '' for that of the own address. */
  readonly networkInterface: string;
  /** The own address, by which the others reach this process; '' to find it out. */
  readonly address: string;
  /** After so long without an answer, joining and everything after it fails. */
  readonly seconds: number;
}

/**
 * Several processes that compute together (c10d over gloo). Each call below is made by all of them, in the same order,
 * and waits for all; it throws when one has ended, or does not answer in time.
 */
export const processes = {
  join: (meeting: Meeting): void => {
    const { rank, size, place, port, serves, attempt, networkInterface, address, seconds } = meeting;
    native().joinGroup(rank, size, place, port, serves, attempt, networkInterface, address, seconds);
  },
  leave: (): void => native().leaveGroup(),
  /** x ← the mean of every process' x: the same bits on all. */
  mean: (x: Tensor): void => {
    const reduced = allReduceOp(x, 'avg', NAME);
    waitOp(reduced).dispose();
    if (reduced.handle !== x.handle) reduced.dispose();
  },
  /** The x of all processes, one after the other. [n, …] → [size · n, …] */
  gather: (x: Tensor, size: number): Tensor => {
    const gathered = allGatherOp(x, size, NAME);
    waitOp(gathered).dispose();
    return gathered;
  },
};
