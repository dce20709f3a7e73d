import { progressPrinter } from '../../src/engine/progress.js';
import { setupEngine } from '../../src/engine/setup.js';

/** Builds the engine before any test, once, so that no test waits for a compiler. */
export default async function setup(): Promise<void> {
  const printer = progressPrinter(process.stderr);
  try {
    await setupEngine({ onProgress: printer.update });
  } finally {
    printer.end();
  }
}
