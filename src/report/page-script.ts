/** All script that a report has: the sliders over epochs. Everything else works without. */
export const script = `
for (const figure of document.querySelectorAll('figure.cells')) {
  const slider = figure.querySelector('.slider');
  const input = slider.querySelector('input');
  const output = slider.querySelector('output');
  const labels = JSON.parse(input.dataset.labels);
  const cells = [...figure.querySelectorAll('.cell')].map((cell) => ({
    epochs: cell.dataset.epochs.split(' ').map(Number),
    states: [...cell.children],
  }));
  const show = () => {
    const epoch = input.valueAsNumber - 1;
    output.textContent = labels[epoch];
    input.setAttribute('aria-valuetext', labels[epoch]);
    for (const { epochs, states } of cells)
      for (const [at, state] of states.entries()) state.hidden = at !== epochs[epoch];
  };
  input.addEventListener('input', show);
  slider.hidden = false;
  show();
}
`;
