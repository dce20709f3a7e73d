import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { commandText } from '../measure/index.js';
import { folderInside, textInside, writeInside } from '../run/inside.js';

const FOLDER = 'slurm';
const JOB = 'job';
/** Seconds before its time limit at which a task is told to save. */
const AHEAD = 120;
/** What the array itself needs to be as it is. */
const OWN_FLAGS = /^(?:--array\b|-a|--wrap\b|--parsable\b|--dependency\b|-d)/;

/** Tasks of a plan, to be run as an array of jobs. */
export interface Submission {
  /** An absolute path, which all nodes see. */
  readonly out: string;
  /** A shell command for one task, without its number, and one for tables and report once all have ended. */
  readonly commands: { readonly task: string; readonly tables: string };
  /** Where the commands run. */
  readonly folder: string;
  /** Numbers of the tasks that are not done. */
  readonly numbers: readonly number[];
  readonly threads: number;
  /** How many tasks may run at a time; Slurm decides where it is absent. */
  readonly jobs?: number | undefined;
  /** What the user gave for sbatch. */
  readonly flags: readonly string[];
}

/** A job script and the words that submit it. */
interface Job {
  readonly file: string;
  readonly script: string;
  readonly words: readonly string[];
}

/** How a task ends that is saved and not done (EX_TEMPFAIL, sysexits.h); who is only killed does not end so. */
export const SAVED = 75;

/**
 * The job of a task. Slurm warns the script alone, by SIGUSR1: whoever cancels a job sends SIGTERM to all of its
 * processes, and does not want it to come back.
 */
const taskScript = (command: string): string => `#!/bin/bash
# Made by tailnas: one task of the array. Before the time limit it saves and is queued again.
task= limit= code=0
stop() { [ -z "$task" ] || kill -TERM "$task" 2>/dev/null; }
trap 'limit=reached; stop' USR1
trap stop TERM INT
${command} "$SLURM_ARRAY_TASK_ID" &
task=$!
[ -z "$limit" ] || stop
# A signal ends a wait early; once the task has ended, it says how.
while kill -0 "$task" 2>/dev/null; do wait "$task"; done
wait "$task"; code=$?
if [ -n "$limit" ] && [ "$code" = ${SAVED} ]; then
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
elif [ -n "$limit" ] && [ "$code" != 0 ]; then
  echo 'the time limit came before anything was saved: give a task more time' >&2
fi
exit "$code"
`;

const tablesScript = (command: string): string => `#!/bin/bash
# Made by tailnas: tables and report of what the array has finished.
${command}
`;

/** The two jobs of a submission. The second starts when all tasks have ended, well or not: `after` the array's job. */
export const slurmJobs = (submission: Submission, after = '<array>'): { array: Job; tables: Job } => {
  const { out, commands, numbers, threads, jobs, flags } = submission;
  const folder = join(out, FOLDER);
  const common = ['--parsable', '--open-mode=append', `--chdir=${submission.folder}`, `--cpus-per-task=${threads}`];
  const job = (name: string, { script, words }: Pick<Job, 'script' | 'words'>): Job => {
    const file = join(folder, `${name}.sh`);
    return { file, script, words: [...common, `--job-name=tailnas-${name}`, ...words, ...flags, file] };
  };
  return {
    array: job('task', {
      script: taskScript(commands.task),
      words: [
        `--array=${numbers.join(',')}${jobs === undefined ? '' : `%${jobs}`}`,
        '--requeue',
        `--signal=B:USR1@${AHEAD}`,
        `--output=${join(folder, '%A_%a.log')}`,
      ],
    }),
    tables: job('tables', {
      script: tablesScript(commands.tables),
      words: [`--dependency=afterany:${after}`, `--output=${join(folder, '%j_tables.log')}`],
    }),
  };
};

/** Makes sure that nothing in the user's flags for sbatch would break the array. Throws a RangeError. */
export const requireFlags = (flags: readonly string[]): void => {
  const own = flags.find((flag) => OWN_FLAGS.test(flag));
  if (own !== undefined)
    throw new RangeError(`Cannot pass ${own} to sbatch: tailnas sets it by the plan; leave it out`);
};

const work = (command: string, words: readonly string[]): string => {
  const { error, status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' });
  if (error !== undefined)
    throw new Error(
      `Cannot submit: ${command} must be on the path, it cannot be started (${error.message}); run this where jobs ` +
        'are submitted, or take --commands',
    );
  if (status !== 0)
    throw new Error(
      `Cannot submit: ${command} refuses (${stderr.trim() || `exit code ${status}`}); correct the flags after --, or ` +
        `wait. It was: ${commandText([command, ...words])}`,
    );
  return stdout.trim();
};

/** Whether the job that a folder was last submitted as is waiting or running; its number. */
const jobUnderway = (out: string): string | undefined => {
  const id = textInside(out, FOLDER, JOB)?.trim();
  if (id === undefined || !/^\d+$/.test(id)) return undefined;
  // Of a job that it has forgotten, squeue says that the id is wrong.
  const { stdout } = spawnSync('squeue', ['--noheader', '--jobs', id, '--format=%i'], { encoding: 'utf8' });
  return stdout?.trim() ? id : undefined;
};

/** Makes sure that no task of a folder is waiting or running, so that none is submitted twice. */
export const requireNotUnderway = (out: string): void => {
  const id = jobUnderway(out);
  if (id !== undefined)
    throw new Error(
      `Cannot submit ${out}: its job ${id} must have ended, it is waiting or running; wait for it (squeue --jobs ` +
        `${id}) or stop it (scancel ${id})`,
    );
};

/** Submits the array, and what makes tables and report after it. Returns the numbers of both jobs. */
export const submit = (submission: Submission): { array: string; tables: string } => {
  const { out, commands } = submission;
  const { array, tables } = slurmJobs(submission);
  folderInside(out, FOLDER);
  for (const { file, script } of [array, tables])
    writeInside(out, [FOLDER, file.slice(file.lastIndexOf('/') + 1)], script);
  const numberOf = (said: string): string => said.split(';')[0] ?? '';
  const id = numberOf(work('sbatch', array.words));
  writeInside(out, [FOLDER, JOB], `${id}\n`);
  try {
    const last = numberOf(work('sbatch', slurmJobs(submission, id).tables.words));
    return { array: id, tables: last };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${reason}\nThe array itself is submitted as job ${id}; when it has ended, make tables with: ${commands.tables}`,
      { cause: error },
    );
  }
};
