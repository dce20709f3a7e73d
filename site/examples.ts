import { join, resolve } from 'node:path';
import ts from 'typescript';

/** A page of the documentation: its file, relative to the repository, and its Markdown. */
export interface Page {
  readonly file: string;
  readonly text: string;
}

export interface Example {
  readonly page: string;
  /** The line of the page that its first line is, from 0. */
  readonly line: number;
  readonly code: string;
}

const root = resolve(import.meta.dirname, '..');
const options: ts.CompilerOptions = {
  noEmit: true,
  strict: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
};

/** The blocks of a page that are marked as `ts`. */
export const examplesOf = ({ file, text }: Page): Example[] =>
  [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(({ index, 1: code = '' }) => ({
    page: file,
    line: text.slice(0, index).split('\n').length,
    code,
  }));

/**
 * What is wrong with the types of the pages' examples: page, line and reason. The package must be built, since examples import
 * it by its name.
 */
export const typeErrors = (pages: readonly Page[]): string[] => {
  // Each is a file of its own beside package.json, so that `tailnas` resolves as for those who install it. Lines before
  // it are blank, so that its lines are those of its page.
  const files = new Map(
    pages
      .flatMap(examplesOf)
      .map((example, i) => [
        join(root, `example-${i}.ts`),
        { ...example, code: '\n'.repeat(example.line) + example.code },
      ]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.getCurrentDirectory = () => root;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name)?.code ?? readFile(name);
  const program = ts.createProgram([...files.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const place = file?.getLineAndCharacterOfPosition(start);
    const page = file && (files.get(file.fileName)?.page ?? file.fileName);
    return `${page ?? 'examples'}:${(place?.line ?? 0) + 1}: ${ts.flattenDiagnosticMessageText(messageText, '\n  ')}`;
  });
};
