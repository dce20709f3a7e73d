import type { Reporter, TestModule } from 'vitest/node';

/** Ends the output with one line that machines read: `N passed, N failed`. A test file that cannot be loaded counts as a failure. */
export default class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((t) => t.result().state === state).length;
    const broken = modules.filter((module) => module.errors().length > 0).length;
    // After the other reporters have had their say.
    process.on('exit', () =>
      console.log(`${count('passed')} passed, ${count('failed') + broken + errors.length} failed`),
    );
  }
}
