// Elements of the page. Texts of run folders become text nodes and attributes, never markup.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * An element with attributes and children; null, undefined and false are left out.
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes]
 * @param {...(Child | readonly Child[])} children
 * @returns {HTMLElement}
 */
export const h = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value));
  for (const child of children.flat())
    if (child !== null && child !== undefined && child !== false)
      element.append(child instanceof Node ? child : String(child));
  return element;
};

/**
 * The element of an id in the page.
 * @param {string} id
 * @returns {HTMLElement}
 */
export const byId = (id) => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}`);
  return found;
};

/**
 * Sets a text only where it differs: screen readers read out what is set.
 * @param {Element} element
 * @param {string} text
 */
export const say = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

/**
 * A button that looks like a link.
 * @param {string} text
 * @param {() => void} onClick
 * @param {Record<string, string | boolean>} [attributes]
 */
export const button = (text, onClick, attributes = {}) => {
  const element = h('button', { type: 'button', ...attributes }, text);
  element.addEventListener('click', onClick);
  return element;
};

/**
 * Puts a figure in the place of the one of the same key, open where that was open, so that no reader loses the place.
 * @param {HTMLElement} box
 * @param {readonly { key: string, element: HTMLElement }[]} figures
 */
export const showFigures = (box, figures) => {
  const before = new Map([...box.children].map((element) => [element.getAttribute('data-key'), element]));
  figures.forEach(({ key, element }, i) => {
    element.setAttribute('data-key', key);
    const old = before.get(key);
    before.delete(key);
    const [was, is] = [old?.querySelector('details'), element.querySelector('details')];
    const focused = old?.contains(document.activeElement) ?? false;
    if (is && was?.open) is.open = true;
    if (old) old.replaceWith(element);
    if (box.children[i] !== element) box.insertBefore(element, box.children[i] ?? null);
    if (focused) element.querySelector('summary')?.focus();
  });
  for (const old of before.values()) old.remove();
};

/**
 * A table in a box that scrolls; the first cell of a row is its heading.
 * @param {string} caption
 * @param {readonly string[]} headings
 * @param {readonly (readonly string[])[]} rows
 */
export const tableOf = (caption, headings, rows) =>
  h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': caption },
    h(
      'table',
      { class: 'numbers' },
      h('caption', {}, h('span', {}, caption)),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          headings.map((heading) => h('th', { scope: 'col' }, heading)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            {},
            row.map((cell, i) => (i === 0 ? h('th', { scope: 'row' }, cell) : h('td', {}, cell))),
          ),
        ),
      ),
    ),
  );
