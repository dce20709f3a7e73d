import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const ENTRIES = Object.values<{ readonly import?: { readonly types: string } }>(
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).exports,
)
  .flatMap((entry) => (entry.import === undefined ? [] : [join(root, entry.import.types)]))
  .sort();

const configured = (name: string): ts.CompilerOptions => {
  const { config } = ts.readConfigFile(join(root, name), ts.sys.readFile);
  return ts.parseJsonConfigFileContent(config, ts.sys, root).options;
};

/** The declarations that `npm run build` writes, by path. */
const published = (): ReadonlyMap<string, string> => {
  const files = new Map<string, string>();
  const options = {
    ...configured('tsconfig.build.json'),
    emitDeclarationOnly: true,
    noCheck: true,
    sourceMap: false,
    declarationMap: false,
  };
  const sources = ENTRIES.map((file) => file.replace('/dist/', '/src/').replace('.d.ts', '.ts'));
  ts.createProgram(sources, options).emit(undefined, (file, text) => void files.set(file, text));
  return files;
};

const ARRAYS = /\b(?:Tensor|(?:Uint8|Uint16|Uint32|Int32|Float32|Float64)Array|Data)\b/;
/** `[batch, classes]`, or what stands for a shape. */
const SHAPE = /\[[^\]]*\]|scalar|shape|bytes/i;

interface Field {
  readonly name: string;
  readonly type: string;
  readonly doc: string;
}

const isFunction = (node: ts.TypeNode): boolean =>
  ts.isFunctionTypeNode(node) || (ts.isParenthesizedTypeNode(node) && isFunction(node.type));

/** Every field of tensors or typed arrays that a type has, of all types that the entries export or that those mention. */
const fieldsOf = (files: ReadonlyMap<string, string>): Field[] => {
  const options = { ...configured('tsconfig.json'), noEmit: true };
  const host = ts.createCompilerHost(options);
  const read: typeof host.readFile = (file) => files.get(file) ?? ts.sys.readFile(file);
  const program = ts.createProgram(ENTRIES, options, {
    ...host,
    readFile: read,
    fileExists: (file) => files.has(file) || (!file.includes('/dist/') && ts.sys.fileExists(file)),
    getSourceFile: (file, language) => {
      const text = read(file);
      return text === undefined ? undefined : ts.createSourceFile(file, text, language, true);
    },
  });
  const checker = program.getTypeChecker();
  const seen = new Set<ts.Node>();
  const fields: Field[] = [];
  const follow = (symbol: ts.Symbol | undefined): void => {
    if (symbol === undefined) return;
    const own = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    for (const declaration of own.declarations ?? []) {
      if (seen.has(declaration) || !files.has(declaration.getSourceFile().fileName)) continue;
      seen.add(declaration);
      visit(declaration, `${relative(join(root, 'dist'), declaration.getSourceFile().fileName)} ${own.name}`);
    }
  };
  const visit = (node: ts.Node, within: string): void => {
    // What a function takes by name is said at the function.
    const ofFunction = ts.findAncestor(node, ts.isFunctionLike) !== undefined;
    if (!ofFunction && ts.isPropertySignature(node) && node.type !== undefined && !isFunction(node.type)) {
      const type = node.type.getText();
      // A type of its own in there has its fields looked at by themselves.
      if (ARRAYS.test(type) && !ts.isTypeLiteralNode(node.type)) {
        const doc = ts.getJSDocCommentsAndTags(node).map((part) => part.getText());
        fields.push({ name: `${within}.${node.name.getText()}`, type, doc: doc.join(' ') });
      }
    }
    if (ts.isTypeReferenceNode(node)) follow(checker.getSymbolAtLocation(node.typeName));
    if (ts.isExpressionWithTypeArguments(node)) follow(checker.getSymbolAtLocation(node.expression));
    ts.forEachChild(node, (child) => visit(child, within));
  };
  for (const entry of ENTRIES) {
    const module = program.getSourceFile(entry);
    const symbol = module && checker.getSymbolAtLocation(module);
    for (const exported of symbol ? checker.getExportsOfModule(symbol) : []) follow(exported);
  }
  return fields;
};

describe('the published types', () => {
  const files = published();
  const fields = fieldsOf(files);

  it('have their docstrings', () => {
    expect(ENTRIES.length).toBe(4);
    for (const entry of ENTRIES) expect(files.get(entry), entry).toMatch(/^\/\*\*\n/);
    expect(fields.length).toBeGreaterThan(30);
    expect(fields.map(({ name }) => name)).toContain('data/source.d.ts ImageSet.images');
  });

  it('say the shape of every field of tensors, numbers and bytes', () => {
    expect(fields.filter(({ doc }) => !SHAPE.test(doc)).map(({ name, type }) => `${name}: ${type}`)).toEqual([]);
  });
});
