/** Numbers and spans of time in words. */

/** '1 record', '2 records' */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

/** '340 ms', '12 s', '3 min', '2 h' */
export function span(ms: number): string {
  const positive = Math.max(0, ms);
  if (positive < 1000) return `${Math.round(positive)} ms`;
  if (positive < 120_000) return `${Math.round(positive / 1000)} s`;
  if (positive < 7_200_000) return `${Math.round(positive / 60_000)} min`;
  return `${Math.round(positive / 3_600_000)} h`;
}
