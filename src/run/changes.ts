/** What was changed of an experiment as text, ` (logitScale 2)`, or nothing: it follows the experiment's name. */
export const changeText = (changes: Readonly<Record<string, unknown>>): string => {
  const words = Object.entries(changes).toSorted(([a], [b]) => a.localeCompare(b));
  return words.length === 0 ? '' : ` (${words.map(([key, value]) => `${key} ${value}`).join(', ')})`;
};
