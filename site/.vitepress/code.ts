import type { MarkdownOptions, MarkdownRenderer } from 'vitepress';

type Transformer = NonNullable<MarkdownOptions['codeTransformers']>[number];

/** Lines of code that wrap on a narrow screen break before a flag, not within its hyphens. */
export const unbrokenFlags: Transformer = {
  preprocess: (_code, options) => {
    options.mergeWhitespaces = 'never';
  },
  span: (node) => {
    const [text] = node.children;
    if (text?.type === 'text' && /^-[\w-]+$/.test(text.value)) node.properties['class'] = 'unbroken';
  },
};

/** So does code within a sentence; where it is short it stays on one line. */
export const unbrokenWords = (md: MarkdownRenderer): void => {
  md.renderer.rules['code_inline'] = (tokens, i) => {
    const text = md.utils.escapeHtml(tokens[i]?.content ?? '');
    const flags = text.replace(/(?<=^|\s)-[\w-]+/g, '<span class="unbroken">$&</span>');
    return text.length <= 24 ? `<code v-pre class="unbroken">${text}</code>` : `<code v-pre>${flags}</code>`;
  };
};
