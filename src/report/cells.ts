import { Graphviz } from '@hpcc-js/wasm-graphviz';
import type { CellGenotype, Genotypes } from '../run/index.js';

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

const INPUTS = [subscript('k-2'), subscript('k-1')];
const BOX = 'fontsize=12 height=0.28 margin="0.08,0.02" shape=box style="filled,rounded"';
const FONT = 'Arimo, Arial, Helvetica, sans-serif';

/**
 * Draws a derived cell as papers on DARTS do: from the two inputs at the left, over the numbered nodes, to the cell's
 * output c_k at the right, each edge with the name of its operation. Returns an SVG to embed or save.
 * Throws when an edge or `concat` names a node that does not exist, or one that comes later.
 */
export async function cellSvg(genotype: CellGenotype, { title }: { title: string }): Promise<string> {
  validate(genotype);
  const graphviz = await Graphviz.load();
  const svg = graphviz.layout(dot(genotype, title), 'svg', 'dot');
  return finish(svg, title);
}

/** Draws every cell of a network, named for its file: `backbone-normal`, `backbone-reduction` and so on. */
export async function genotypeSvgs(genotypes: Genotypes): Promise<{ name: string; svg: string }[]> {
  const figures: { name: string; svg: string }[] = [];
  for (const [component, { normal, reduction }] of Object.entries(genotypes)) {
    for (const [kind, cell] of Object.entries({ normal, reduction })) {
      if (cell === undefined) continue;
      const svg = await cellSvg(cell, { title: `${capital(component)}, ${kind} cell` });
      figures.push({ name: `${component}-${kind}`, svg });
    }
  }
  return figures;
}

function validate({ nodes, concat }: CellGenotype): void {
  const last = INPUTS.length + nodes.length - 1;
  for (const [index, edges] of nodes.entries()) {
    const late = edges.find(({ from }) => from >= INPUTS.length + index);
    if (late === undefined) continue;
    throw new Error(
      `Cannot draw cell: node ${INPUTS.length + index} must take its edges from earlier nodes, ` +
        `got "${late.op}" from ${late.from}; correct the genotype`,
    );
  }
  const missing = concat.find((node) => node > last);
  if (missing !== undefined) {
    throw new Error(`Cannot draw cell: concat must name nodes up to ${last}, got ${missing}; correct the genotype`);
  }
}

/** The graph in Graphviz' language. An operation is a node on its edge: it then gets room, and no line crosses it. */
function dot({ nodes, concat }: CellGenotype, title: string): string {
  const statements = INPUTS.map((label, node) => `n${node} [label=<${label}> fillcolor="#e8e8e8" shape=box]`);
  statements.push('{ rank=same; n0 -> n1 [style=invis] }'); // keeps the inputs in one order in all figures
  for (const [index, edges] of nodes.entries()) {
    const node = INPUTS.length + index;
    statements.push(`n${node} [label="${index}" shape=circle width=0.42 fixedsize=true]`);
    for (const [position, { op, from }] of edges.entries()) {
      const { line, fill, style } = lookOf(op);
      const box = `op${node}_${position}`;
      const drawn = `color="${line}" style="${style}"`;
      statements.push(
        `${box} [label=<${escapeXml(op)}> ${BOX} color="${line}" fontcolor="${line}" fillcolor="${fill}"]`,
        `n${from} -> ${box}:w [${drawn} arrowhead=none]`,
        `${box}:e -> n${node} [${drawn}]`,
      );
    }
  }
  statements.push(`out [label=<${subscript('k')}> fillcolor="#e8e8e8" shape=box]`);
  for (const node of concat) statements.push(`n${node} -> out [color="#404040"]`);
  return `digraph {
    graph [rankdir=LR nodesep=0.2 ranksep=0.45 pad=0.12]
    graph [label=<<b>${escapeXml(title)}</b>> labelloc=t fontname=Arial fontsize=16]
    node [fontname=Arial fontsize=14 height=0.42 width=0.5 margin="0.08,0.04"]
    node [style=filled fillcolor="#ffffff" color="#404040"]
    edge [arrowsize=0.7]
    ${statements.join('\n    ')}
  }`;
}

function lookOf(op: string): Look {
  return FAMILIES.find(([name]) => name.test(op))?.[1] ?? CONVOLUTION;
}

/** Fits Graphviz' SVG to a page that holds several: no prolog, no ids, one title to read out, our font. */
function finish(svg: string, title: string): string {
  return svg
    .slice(svg.indexOf('<svg'))
    .replace(/<!--[\s\S]*?-->\n?/g, '')
    .replace(/<title>.*?<\/title>\n?/g, '')
    .replace(/baseline-shift="sub"/g, 'dy="3"') // understood by every renderer, on whole texts too
    .replace(/ id="[^"]*"/g, '')
    .replace(/ (font-family|xml:space|xmlns:xlink)="[^"]*"/g, '')
    .replace(
      /(<svg[^>]*)>/,
      (_, tag: string) => `${tag} font-family="${FONT}" role="img">\n<title>${escapeXml(title)}</title>`,
    );
}

function subscript(index: string): string {
  return `c<sub><font point-size="10">${index}</font></sub>`;
}

function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
