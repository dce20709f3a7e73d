// What work costs beside PyTorch, all in one run, in turn: npm run bench -- --help
import { availableParallelism, cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { bytes, listing, plural } from '../src/cli/format.js';
import { libtorch } from '../src/tensor/index.js';
import { show } from './columns.js';
import { contender } from './contender.js';
import { measure, type Result, type Row } from './rounds.js';
import { tables } from './tables.js';

const number = (n: number) => z.coerce.number().positive().default(n);
const flags = z.object({
  rounds: number(5),
  turn: z.coerce.number().default(0.5),
  batch: number(64),
  channels: number(16),
  layers: number(8),
  image: number(32),
  threads: number(2),
  own: z.boolean().default(false),
  json: z.boolean().default(false),
  help: z.boolean().default(false),
});
const switches: readonly string[] = ['own', 'json', 'help'];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries(
    Object.keys(flags.shape).map((name) => [name, { type: switches.includes(name) ? 'boolean' : 'string' } as const]),
  ),
});
const { rounds, turn, own, json, help, ...sizes } = flags.parse(values);
const known = tables(sizes);

const usage = (): string =>
  [
    'npm run bench -- [table …] [options]: all tables, unless some are named. Minutes are those of 5 rounds on 2 cores.\n',
    listing(Object.entries(known).map(([name, t]) => [`  ${name}`, `${t.about} (${t.minutes} min)`])),
    '',
    listing([
      ['  --rounds <5>', 'turns of every contender'],
      ['  --turn <0.5>', 'shortest turn, in seconds: as many steps as fill it, of which the median counts'],
      ['  --batch <64> --channels <16> --layers <8> --image <32> --threads <2>', 'sizes'],
      ['  --own', 'without PyTorch'],
      ['  --json', 'prints JSON on stdout, every round in it'],
    ]),
  ].join('\n');

const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  node: process.version,
  libtorch: libtorch().version,
};

const run = async (names: readonly string[]): Promise<void> => {
  const found: Record<string, readonly Result[]> = {};
  if (!json)
    console.log(
      `${machine.cpu}, ${machine.cores} cores, ${bytes(machine.memoryBytes)}, libtorch ${machine.libtorch}, ${plural(rounds, 'round')}`,
    );
  for (const name of names) {
    const table = known[name];
    if (table === undefined)
      throw new RangeError(
        `Cannot run benchmark: a table must be one of ${Object.keys(known).join(', ')}, got "${name}"`,
      );
    const rows = table.rows.filter((row) => !own || row.engine === 'fused' || row.engine === 'composite');
    const results = await measure(rows, {
      rounds,
      start: (row) => contender(row, { least: turn }),
      failed: (row: Row, error) => {
        console.error(
          `${name}, ${row.group}, ${row.name} is left out. ${error instanceof Error ? error.message : error}`,
        );
        process.exitCode = 1;
      },
    });
    found[name] = results;
    if (!json) console.log(`\n${name}: ${table.about}\n\n${show(table.columns, results)}`);
  }
  if (json) console.log(JSON.stringify({ machine, rounds, ...sizes, tables: found }));
};

if (help) console.log(usage());
else await run(positionals.length > 0 ? positionals : Object.keys(known));
