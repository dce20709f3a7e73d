import { describe, expect, it } from 'vitest';
import { firstHost, launchOf, OWN } from './launch.js';

const torchrun = { RANK: '1', WORLD_SIZE: '4', MASTER_ADDR: 'n1', MASTER_PORT: '29500' };
const srun = {
  SLURM_PROCID: '0',
  SLURM_NTASKS: '2',
  SLURM_STEP_NUM_TASKS: '2',
  SLURM_STEP_NODELIST: 'n[07-09,12],gpu1',
  SLURM_JOB_ID: '4711',
  SLURM_STEP_ID: '3',
};

describe('launchOf', () => {
  it('finds a process alone, whatever its job may have beside it', () => {
    expect(launchOf({})).toBeUndefined();
    expect(launchOf({ RANK: '0', WORLD_SIZE: '1' })).toBeUndefined();
    // The batch script itself: only srun makes a step of several.
    expect(launchOf({ SLURM_PROCID: '0', SLURM_NTASKS: '8', SLURM_JOB_ID: '1' })).toBeUndefined();
    expect(launchOf({ ...srun, SLURM_STEP_NUM_TASKS: '1' })).toBeUndefined();
  });

  it('reads what torchrun sets; its agent listens, else the first process does', () => {
    const agent = { TORCHELASTIC_USE_AGENT_STORE: 'True', TORCHELASTIC_RESTART_COUNT: '2', TORCHELASTIC_RUN_ID: 'a' };
    expect(launchOf({ ...torchrun, ...agent, RANK: '0' })).toEqual({
      ...{ by: 'torchrun', rank: 0, size: 4, place: 'n1', port: 29500, serves: false, attempt: 'a/2' },
    });
    expect(launchOf({ ...torchrun, RANK: '0' })?.serves).toBe(true);
    expect(launchOf(torchrun)?.serves).toBe(false);
  });

  it('reads what srun sets: the first host of the step listens, on a port of the step', () => {
    const first = launchOf(srun);
    expect(first).toMatchObject({ by: 'srun', rank: 0, size: 2, place: 'n07', serves: true });
    const second = launchOf({ ...srun, SLURM_PROCID: '1' });
    expect(second).toMatchObject({ rank: 1, place: 'n07', port: first?.port, serves: false });
    expect(launchOf({ ...srun, SLURM_STEP_ID: '4' })?.port).not.toBe(first?.port);
    expect(launchOf({ ...srun, SLURM_RESTART_COUNT: '1' })?.attempt).not.toBe(first?.attempt);
    expect(launchOf({ ...srun, MASTER_ADDR: 'm', MASTER_PORT: '2222' })).toMatchObject({ place: 'm', port: 2222 });
  });

  it('knows processes that tailnas started, before any launcher around them', () => {
    const own = { [OWN.rank]: '1', [OWN.size]: '2', [OWN.place]: 'meeting' };
    expect(launchOf({ ...srun, ...own })).toMatchObject({ by: 'tailnas', rank: 1, size: 2, place: 'meeting', port: 0 });
  });

  it.each([
    [{ ...torchrun, RANK: '4' }, 'RANK must be a whole number from 0 to 3, it is "4"'],
    [{ ...torchrun, WORLD_SIZE: 'two' }, 'WORLD_SIZE must be a whole number from 1 to 65536, it is "two"'],
    [{ ...torchrun, MASTER_PORT: undefined }, 'MASTER_PORT must be a whole number from 1 to 65535, it is not set'],
    [{ ...torchrun, MASTER_ADDR: undefined }, 'MASTER_ADDR must name the host of rank 0, it is not set'],
  ])('refuses what contradicts itself', (env, message) => {
    expect(() => launchOf(env)).toThrow(`Cannot run as one of several processes: ${message}`);
  });
});

describe('firstHost', () => {
  it.each([
    ['n1', 'n1'],
    ['n1,n2', 'n1'],
    ['n[03-05,9],gpu1', 'n03'],
    ['gpu[7]', 'gpu7'],
    ['', ''],
  ])('of %s is %s', (list, host) => {
    expect(firstHost(list)).toBe(host);
  });
});
