import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type LoggedRun, momentsOf } from './scalars.js';

// Calls are those of https://mlflow.org/docs/latest/rest-api.html, version 2.0.

/** Per call of `runs/log-batch`: the server refuses more. */
const MOST_METRICS = 1000;
const MOST_PARAMS = 100;
/** Of a parameter's value, in every version since 1.28. */
const MOST_CHARACTERS = 500;
const TIMEOUT = 30_000; // milliseconds per call

export interface MlflowOptions {
  /** Where the server is: `http://127.0.0.1:5000`. */
  readonly url: string;
  /** Made where there is none of this name. */
  readonly experiment: string;
  /** Of the run, on the server. */
  readonly name: string;
  /** Where user, password and token stand, as for MLflow’s own client; the process’s unless said. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const answerOf = {
  experiment: z.object({ experiment: z.object({ experiment_id: z.string(), lifecycle_stage: z.string().optional() }) }),
  created: z.object({ experiment_id: z.string() }),
  run: z.object({ run: z.object({ info: z.object({ run_id: z.string() }) }) }),
  found: z.object({ runs: z.array(z.object({ info: z.object({ run_id: z.string() }) })).optional() }),
  nothing: z.object({}),
};
const refusal = z.object({ error_code: z.string(), message: z.string().optional() });

/** What a server says no to. */
class Refused extends Error {
  constructor(
    message: string,
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

/** The header that MLflow's own client sends for the same variables. */
const authorization = (env: Readonly<Record<string, string | undefined>>): Record<string, string> => {
  const { MLFLOW_TRACKING_TOKEN: token, MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password = '' } = env;
  if (token) return { authorization: `Bearer ${token}` };
  return user ? { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` } : {};
};

type Call = <T>(
  method: 'GET' | 'POST',
  path: string,
  request: { readonly body: Readonly<Record<string, unknown>>; readonly answer: z.ZodType<T> },
) => Promise<T>;

const caller = (url: string, env: Readonly<Record<string, string | undefined>>): Call => {
  const base = url.replace(/\/+$/, '');
  return async (method, path, { body, answer }) => {
    const words = Object.fromEntries(Object.entries(body).map(([key, value]) => [key, String(value)]));
    const query = method === 'GET' ? `?${new URLSearchParams(words)}` : '';
    const action = `Cannot log to MLflow: ${method} ${base}/api/2.0/mlflow/${path}`;
    const wrong = (problem: string, code?: string): Refused => new Refused(`${action} ${problem}`, code);
    let said: string;
    let status: number;
    try {
      const response = await fetch(`${base}/api/2.0/mlflow/${path}${query}`, {
        method,
        headers: { 'content-type': 'application/json', ...authorization(env) },
        ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(TIMEOUT),
      });
      [status, said] = [response.status, await response.text()];
    } catch (error) {
      const { name, message, cause } = error instanceof Error ? error : new Error(String(error));
      const late = name === 'TimeoutError';
      const why = late ? `no answer in ${TIMEOUT / 1000} s` : cause instanceof Error ? cause.message : message;
      throw wrong(`failed (${why}); check that the server runs there, and that this machine reaches it`);
    }
    const parsed = jsonOf(said);
    if (status >= 400) {
      const { error_code: code, message = '' } = refusal.safeParse(parsed).data ?? { error_code: undefined };
      const way =
        status === 401 || status === 403
          ? 'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN'
          : 'check the address, and what the server’s log says';
      throw wrong(`was answered with ${status}${code ? ` ${code}: ${message.slice(0, 300)}` : ''}; ${way}`, code);
    }
    const found = answer.safeParse(parsed);
    if (found.success) return found.data;
    throw wrong('was answered with what is not from MLflow; check the address');
  };
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const ABSENT = 'RESOURCE_DOES_NOT_EXIST';
const TAKEN = 'RESOURCE_ALREADY_EXISTS';

const experimentId = async (call: Call, name: string): Promise<string> => {
  const find = () =>
    call('GET', 'experiments/get-by-name', { body: { experiment_name: name }, answer: answerOf.experiment });
  try {
    const { experiment } = await find();
    if (experiment.lifecycle_stage !== 'deleted') return experiment.experiment_id;
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== ABSENT) throw error;
    try {
      return (await call('POST', 'experiments/create', { body: { name }, answer: answerOf.created })).experiment_id;
    } catch (again) {
      // Someone else has made it in this moment.
      if (again instanceof Refused && again.code === TAKEN) return (await find()).experiment.experiment_id;
      throw again;
    }
  }
  throw new Error(
    `Cannot log to MLflow: its experiment "${name}" is deleted; restore it there, or name another with --experiment`,
  );
};

/** A name that MLflow takes for a metric or a parameter: what it forbids becomes an underscore. */
const plainKey = (key: string): string => key.replaceAll(/[^\w\-. :/]/g, '_').slice(0, 250);

/** Tags as MLflow takes them. Where class names need other letters, all have their number, so that no two are one. */
const keysOf = ({ info: { data } }: LoggedRun): ((tag: string) => string) => {
  const tame = data.classes.every((name) => /^[\w-][\w\-. ]*$/.test(name) && name.length < 200);
  const renamed = new Map(
    data.classes.flatMap((name, c) =>
      ['validation class/', 'test class/'].map((prefix): [string, string] => [
        prefix + name,
        `${prefix}${String(c).padStart(String(data.classes.length - 1).length, '0')} ${name.replaceAll('/', '_')}`,
      ]),
    ),
  );
  return (tag) => plainKey((tame ? undefined : renamed.get(tag)) ?? tag);
};

/** By this tag a run is found again: it is of what the run is, not of where its folder lies. */
const IDENTITY = 'tailnas.run';
const identityOf = ({ info }: LoggedRun): string =>
  createHash('sha256')
    .update(JSON.stringify([info.startedAt, info.host?.name, info.name, info.seed, info.data.fingerprint]))
    .digest('hex')
    .slice(0, 32);

const paramsOf = ({ info }: LoggedRun): { key: string; value: string }[] =>
  Object.entries({
    ...info.experiment.options,
    experiment: info.name,
    seed: info.seed,
    device: info.device,
    data: info.data.name,
    fingerprint: info.data.fingerprint,
    classes: info.data.classes.length,
  }).map(([key, value]) => ({ key: plainKey(key), value: String(value).slice(0, MOST_CHARACTERS) }));

const batches = <T>(items: readonly T[], most: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / most) }, (_, i) => items.slice(i * most, (i + 1) * most));

/**
 * Sends a run to an MLflow server: its options as parameters, its scalars as metrics. Sent again it stays one run, and
 * no point is there twice: a server keeps one of equal points. Returns the run's id there. Throws with the address and
 * the way out where the server does not answer or refuses.
 */
export const logToMlflow = async (
  run: LoggedRun,
  { url, experiment, name, env = process.env }: MlflowOptions,
): Promise<{ runId: string; metrics: number }> => {
  const call = caller(url, env);
  const id = await experimentId(call, experiment);
  const identity = identityOf(run);
  const { runs = [] } = await call('POST', 'runs/search', {
    body: { experiment_ids: [id], filter: `tags.\`${IDENTITY}\` = '${identity}'`, max_results: 1 },
    answer: answerOf.found,
  });
  const started = Date.parse(run.info.startedAt);
  const tags = Object.entries({
    [IDENTITY]: identity,
    'mlflow.source.name': 'tailnas',
    'tailnas.version': run.info.versions['tailnas'] ?? '',
  }).map(([key, value]) => ({ key, value }));
  const made = async (): Promise<string> =>
    (
      await call('POST', 'runs/create', {
        body: { experiment_id: id, run_name: name, start_time: started, tags },
        answer: answerOf.run,
      })
    ).run.info.run_id;
  const runId = runs[0]?.info.run_id ?? (await made());

  const keyOf = keysOf(run);
  const moments = momentsOf(run);
  const metrics = moments.flatMap(({ step, time, scalars }) =>
    scalars.map(([tag, value]) => ({ key: keyOf(tag), value, step, timestamp: Math.round(1000 * time) })),
  );
  const log = (body: Readonly<Record<string, unknown>>) =>
    call('POST', 'runs/log-batch', { body: { run_id: runId, ...body }, answer: answerOf.nothing });
  for (const params of batches(paramsOf(run), MOST_PARAMS)) await log({ params });
  for (const part of batches(metrics, MOST_METRICS)) await log({ metrics: part });
  const ended = run.evaluation === undefined ? undefined : Math.round(1000 * (moments.at(-1)?.time ?? started / 1000));
  await call('POST', 'runs/update', {
    body: { run_id: runId, ...(ended === undefined ? { status: 'RUNNING' } : { status: 'FINISHED', end_time: ended }) },
    answer: answerOf.nothing,
  });
  return { runId, metrics: metrics.length };
};
