export const quantile = (values, q) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] : NaN;
};

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** The middle one with the least and the most: `812 (790–901)`. */
export const told = (values, digits = 0) => {
  const say = (value) => value.toFixed(digits);
  return `${say(median(values))} (${say(Math.min(...values))}–${say(Math.max(...values))})`;
};

/** A table of Markdown; the first column is words, the others are numbers. */
export const table = (header, rows) =>
  [header, header.map((_, at) => (at ? '---:' : '---')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
