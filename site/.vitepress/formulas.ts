import temml from 'temml';
import type { MarkdownRenderer } from 'vitepress';

const FORMULA = /\$(?! )([^$\n]*[^$ \n])\$(?!\d)/y;

/** `$…$` becomes MathML, which browsers draw without scripts, styles or fonts of ours. */
export const formulas = (md: MarkdownRenderer): void => {
  md.inline.ruler.after('escape', 'formula', (state, silent) => {
    FORMULA.lastIndex = state.pos;
    const [whole, tex] = FORMULA.exec(state.src) ?? [];
    if (whole === undefined || tex === undefined) return false;
    if (!silent) state.push('html_inline', '', 0).content = temml.renderToString(tex, { throwOnError: true });
    state.pos += whole.length;
    return true;
  });
};
