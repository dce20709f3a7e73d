import { writeSync } from 'node:fs';
import { call, scope } from '../../src/tensor/index.js';
import { randomArguments, words } from './operators.js';

// Calls operators with random arguments: `operators-child.js FIRST LAST NAME…`, calls FIRST to LAST of each. Before each
// it says on descriptor 3 which one it is, since it may be the last thing that it does.

process.chdir(process.env['OPERATORS_SCRATCH'] ?? '.'); // some write files
const [first = '0', last = '0', ...names] = process.argv.slice(2);
const told = Number(first) === Number(last);
for (const name of names)
  for (let n = Number(first); n <= Number(last); n++) {
    writeSync(3, `${name} ${n}\n`);
    scope(() => {
      const args = randomArguments(name, n);
      if (told) writeSync(3, `args ${args.map(words).join(', ')}\n`);
      try {
        call(name, ...args);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
      }
    });
  }
writeSync(3, 'end\n');
