import { Graphviz } from '@hpcc-js/wasm-graphviz';
import { capital, escapeMarkup } from '../measure/index.js';
import type { CellGenotype, Genotypes } from '../run/index.js';
import { arialWidth } from './arial.js';

/** How an operation is drawn. Each also carries its name, and families differ in line as well, so colour only helps. */
interface Look {
  readonly line: string;
  readonly fill: string;
  readonly style: string;
}

const FAMILIES: readonly (readonly [name: RegExp, look: Look])[] = [
  [/^none$/, { line: '#8a8a8a', fill: '#ffffff', style: 'dashed' }],
  [/skip|identity/, { line: '#404040', fill: '#ffffff', style: 'solid' }],
  [/pool/, { line: '#2a7448', fill: '#e6f4ea', style: 'dotted,bold' }],
  [/dil/, { line: '#a84a12', fill: '#fdeee2', style: 'bold,dashed' }],
];
const CONVOLUTION: Look = { line: '#1d5a9e', fill: '#e4eefa', style: 'bold' };

const subscript = (index: string): string => `c<sub><font point-size="10">${index}</font></sub>`;

const INPUTS = [subscript('k-2'), subscript('k-1')];
const BOX = 'fontsize=12 height=0.28 margin="0.08,0.02" shape=box style="filled,rounded"';
const FONT = 'Arimo, Arial, Helvetica, sans-serif';

const validate = ({ nodes, concat }: CellGenotype): void => {
  const refuse = (problem: string): never => {
    throw new Error(`Cannot draw cell: ${problem}; correct the genotype`);
  };
  for (const [index, edges] of nodes.entries()) {
    const node = INPUTS.length + index;
    const late = edges.find(({ from }) => from >= node);
    if (late) refuse(`node ${node} must take its edges from earlier nodes, got "${late.op}" from ${late.from}`);
  }
  const last = INPUTS.length + nodes.length - 1;
  const missing = concat.find((node) => node > last);
  if (missing !== undefined) refuse(`concat must name nodes up to ${last}, got ${missing}`);
};

interface DotOptions {
  readonly title: string;
  /** From top to bottom, not from left to right. */
  readonly upright: boolean;
  /** With little room: sizes of operations below their names. */
  readonly dense: boolean;
}

/** The graph in Graphviz' language. An operation is a node on its edge: it then gets room, and no line crosses it. */
const dot = ({ nodes, concat }: CellGenotype, { title, upright, dense }: DotOptions): string => {
  const [into, outOf] = upright ? ['n', 's'] : ['w', 'e'];
  const nameOf = (op: string) => (dense ? op.split(/_(?=[^_]*$)/) : [op]).map(escapeMarkup).join('<br/>');
  const statements = INPUTS.map((label, node) => `n${node} [label=<${label}> fillcolor="#e8e8e8" shape=box]`);
  statements.push('{ rank=same; n0 -> n1 [style=invis] }'); // keeps the inputs in one order in all figures
  for (const [index, edges] of nodes.entries()) {
    const node = INPUTS.length + index;
    statements.push(`n${node} [label="${index}" shape=circle width=0.42 fixedsize=true]`);
    for (const [position, { op, from }] of edges.entries()) {
      const { line, fill, style } = FAMILIES.find(([name]) => name.test(op))?.[1] ?? CONVOLUTION;
      const box = `op${node}_${position}`;
      const drawn = `color="${line}" style="${style}"`;
      statements.push(
        `${box} [label=<${nameOf(op)}> ${BOX} color="${line}" fontcolor="${line}" fillcolor="${fill}"]`,
        `n${from} -> ${box}:${into} [${drawn} arrowhead=none]`,
        `${box}:${outOf} -> n${node} [${drawn}]`,
      );
    }
  }
  statements.push(`out [label=<${subscript('k')}> fillcolor="#e8e8e8" shape=box]`);
  for (const node of concat) statements.push(`n${node} -> out [color="#404040"]`);
  return `digraph {
    graph [rankdir=${upright ? 'TB' : 'LR'} ${dense ? 'nodesep=0.08 ranksep=0.3' : 'nodesep=0.2 ranksep=0.45'} pad=0.12]
    graph [label=<<b>${escapeMarkup(title)}</b>> labelloc=t fontname=Arial fontsize=16]
    node [fontname=Arial fontsize=14 height=0.42 width=0.5 margin="0.08,0.04"]
    node [style=filled fillcolor="#ffffff" color="#404040"]
    edge [arrowsize=0.7]
    ${statements.join('\n    ')}
  }`;
};

const ENTITIES: Readonly<Record<string, string>> = {
  '&#45;': '-',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&amp;': '&',
};

/** A text that stays as wide as it was laid out, so that it fits its box whatever font a reader has. */
const kept = (text: string): string => {
  const [, tag = '', label = ''] = /^(<text[^>]*)>(.*)$/s.exec(text) ?? [];
  const letters = label.replace(/&#45;|&lt;|&gt;|&quot;|&amp;/g, (entity) => ENTITIES[entity] ?? entity);
  const size = Number(/font-size="([\d.]+)"/.exec(tag)?.[1]);
  const width = arialWidth(letters, { size, bold: tag.includes('font-weight="bold"') });
  return `${tag} textLength="${width.toFixed(1)}" lengthAdjust="spacingAndGlyphs">${label}`;
};

/** Fits Graphviz' SVG to a page that holds several: no prolog, no ids, one title to read out, our font. */
const finish = (svg: string, title: string): string =>
  svg
    .slice(svg.indexOf('<svg'))
    .replace(/<!--[\s\S]*?-->\n?/g, '')
    .replace(/<title>.*?<\/title>\n?/g, '')
    .replace(/baseline-shift="sub"/g, 'dy="3"') // understood by every renderer, on whole texts too
    .replace(/<text[^>]*>[^<]*/g, kept)
    .replace(/ id="[^"]*"/g, '')
    .replace(/ (font-family|xml:space|xmlns:xlink)="[^"]*"/g, '')
    .replace(
      /(<svg[^>]*)>/,
      (_, tag: string) => `${tag} font-family="${FONT}" role="img">\n<title>${escapeMarkup(title)}</title>`,
    );

const widthOf = (svg: string): number => Number(/<svg width="(\d+)/.exec(svg)?.[1]);

/**
 * Draws a derived cell as papers on DARTS do: from the two inputs at the left, over the numbered nodes, to the cell's
 * output c_k at the right, each edge with the name of its operation. `narrow` draws it as narrow as possible, for
 * telephones. Names stay in their boxes whatever font they are shown in. Returns an SVG to embed or save. Throws when
 * an edge or `concat` names a node that does not exist, or one that comes later.
 */
export const cellSvg = async (
  genotype: CellGenotype,
  { title, narrow = false }: { title: string; narrow?: boolean },
): Promise<string> => {
  validate(genotype);
  const graphviz = await Graphviz.load();
  const laidOut = (upright: boolean): string =>
    graphviz.layout(dot(genotype, { title, upright, dense: narrow }), 'svg', 'dot');
  const drawn = narrow ? [true, false].map(laidOut).toSorted((a, b) => widthOf(a) - widthOf(b))[0] : laidOut(false);
  return finish(drawn ?? '', title);
};

/** A cell of a network: of which component and kind it is. */
export interface PlacedCell {
  readonly component: string;
  readonly kind: string;
  /** `Backbone, normal cell` */
  readonly title: string;
  readonly cell: CellGenotype;
}

/** All cells of a network, the normal ones first. */
export const cellsOf = (genotypes: Genotypes): PlacedCell[] =>
  Object.entries(genotypes).flatMap(([component, { normal, reduction }]) =>
    Object.entries({ normal, reduction }).flatMap(([kind, cell]) =>
      cell === undefined ? [] : [{ component, kind, title: `${capital(component)}, ${kind} cell`, cell }],
    ),
  );

/** Draws every cell of a network, named for its file: `backbone-normal`, `backbone-reduction` and so on. */
export const genotypeSvgs = async (genotypes: Genotypes): Promise<{ name: string; svg: string }[]> =>
  Promise.all(
    cellsOf(genotypes).map(async ({ component, kind, title, cell }) => ({
      name: `${component}-${kind}`,
      svg: await cellSvg(cell, { title }),
    })),
  );
