/**
 * All script that a report has: sliders over epochs, a hint at what scrolls, and that a link to a folded section opens
 * it. Everything else works without.
 */
export const script = `
const reveal = () => {
  const section = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const fold = section?.querySelector(':scope > details') ?? section?.closest('details');
  if (fold) fold.open = true;
};
addEventListener('hashchange', reveal);
reveal();
for (const box of document.querySelectorAll('.scroll')) {
  const mark = () => box.classList.toggle('more', box.scrollWidth > box.clientWidth + 1);
  new ResizeObserver(mark).observe(box);
  mark();
}
for (const figure of document.querySelectorAll('figure.cells')) {
  const slider = figure.querySelector('.slider');
  if (slider === null) continue;
  const input = slider.querySelector('input');
  const output = slider.querySelector('output');
  const labels = JSON.parse(input.dataset.labels);
  const cells = [...figure.querySelectorAll('.cell')].map((cell) => {
    const epochs = cell.dataset.epochs.split(' ');
    const states = new Map([['0', cell.firstElementChild]]);
    for (const name of epochs) {
      if (name === '-1' || states.has(name)) continue;
      const state = document.createElement('div');
      state.append(document.getElementById('cell-' + name).content.cloneNode(true));
      cell.append(state);
      states.set(name, state);
    }
    return { epochs, states };
  });
  const show = () => {
    const epoch = input.valueAsNumber - 1;
    output.textContent = labels[epoch];
    input.setAttribute('aria-valuetext', labels[epoch]);
    for (const { epochs, states } of cells)
      for (const [name, state] of states) state.hidden = name !== epochs[epoch];
  };
  input.addEventListener('input', show);
  slider.hidden = false;
  show();
}
`;
