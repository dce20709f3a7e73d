import type { Meeting } from '../tensor/index.js';

/** How this process was started as one of several, and where they meet. */
export interface Launch extends Omit<Meeting, 'networkInterface' | 'address' | 'seconds'> {
  /** Who started it, for messages. */
  readonly by: 'torchrun' | 'srun' | 'tailnas';
}

type Env = Readonly<Record<string, string | undefined>>;

/** What a process that `tailnas` itself started finds in its environment. */
export const OWN = { rank: 'TAILNAS_RANK', size: 'TAILNAS_PROCESSES', place: 'TAILNAS_MEETING' } as const;

/** Ports from here on are ours to choose from, below those that systems hand out by themselves. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;

const fail = (problem: string): never => {
  throw new RangeError(`Cannot run as one of several processes: ${problem}`);
};

const whole = (env: Env, name: string, { least, most }: { least: number; most: number }): number => {
  const word = env[name];
  const value = Number(word);
  if (word !== undefined && word.trim() !== '' && Number.isInteger(value) && value >= least && value <= most)
    return value;
  return fail(
    `${name} must be a whole number from ${least} to ${most}, it is ${word === undefined ? 'not set' : `"${word}"`}; ` +
      'start it with torchrun, srun or --processes, or unset RANK and WORLD_SIZE',
  );
};

const MOST = 65_536;

const rankAndSize = (env: Env, names: { rank: string; size: string }): { rank: number; size: number } => {
  const size = whole(env, names.size, { least: 1, most: MOST });
  return { size, rank: whole(env, names.rank, { least: 0, most: size - 1 }) };
};

/** The first host of Slurm's spelling of several: `n[03-05,9],gpu1` begins with n03. */
export const firstHost = (list: string): string => {
  const [, head = '', ranges] = /^([^,[]*)(?:\[([^\]]*)\])?/.exec(list) ?? [];
  return head + (ranges?.split(/[-,]/)[0] ?? '');
};

/** The port that the processes of a step of a job meet on: two steps of one host hardly ever have the same. */
const portOf = (env: Env): number => {
  const step = Number(env['SLURM_STEP_ID'] ?? 0);
  return FIRST_PORT + ((Number(env['SLURM_JOB_ID'] ?? 0) * 7 + step) % PORTS);
};

const port = (env: Env): number => whole(env, 'MASTER_PORT', { least: 1, most: 65_535 });

/**
 * How the environment says that this process was started: by `torchrun` (or whatever else sets RANK, WORLD_SIZE,
 * MASTER_ADDR and MASTER_PORT), by `srun`, or by `tailnas` itself. Undefined for one that is alone. A batch script of
 * Slurm is alone, however many tasks its job has: only `srun` makes a step of several. Throws a RangeError on what
 * contradicts itself.
 */
export const launchOf = (env: Env): Launch | undefined => {
  if (env[OWN.rank] !== undefined) {
    const own = rankAndSize(env, OWN);
    return { by: 'tailnas', ...own, place: env[OWN.place] ?? '', port: 0, serves: false, attempt: '0' };
  }
  if (env['RANK'] !== undefined && env['WORLD_SIZE'] !== undefined) {
    const own = rankAndSize(env, { rank: 'RANK', size: 'WORLD_SIZE' });
    if (own.size === 1) return undefined;
    const agent = env['TORCHELASTIC_USE_AGENT_STORE'] === 'True';
    return {
      by: 'torchrun',
      ...own,
      place: env['MASTER_ADDR'] ?? fail('MASTER_ADDR must name the host of rank 0, it is not set'),
      port: port(env),
      // Where torchrun's agent listens already, nobody else can.
      serves: own.rank === 0 && !agent,
      attempt: `${env['TORCHELASTIC_RUN_ID'] ?? ''}/${env['TORCHELASTIC_RESTART_COUNT'] ?? 0}`,
    };
  }
  if (env['SLURM_STEP_NUM_TASKS'] === undefined || env['SLURM_PROCID'] === undefined) return undefined;
  const own = rankAndSize(env, { rank: 'SLURM_PROCID', size: 'SLURM_STEP_NUM_TASKS' });
  if (own.size === 1) return undefined;
  const hosts = env['SLURM_STEP_NODELIST'] ?? env['SLURM_JOB_NODELIST'] ?? '';
  return {
    by: 'srun',
    ...own,
    place: env['MASTER_ADDR'] ?? (firstHost(hosts) || fail('SLURM_STEP_NODELIST must name the hosts, it is not set')),
    port: env['MASTER_PORT'] === undefined ? portOf(env) : port(env),
    serves: own.rank === 0,
    attempt: `${env['SLURM_JOB_ID'] ?? ''}.${env['SLURM_STEP_ID'] ?? ''}/${env['SLURM_RESTART_COUNT'] ?? 0}`,
  };
};
