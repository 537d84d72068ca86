/** Spans of time as people write them in tests: milliseconds, or '250ms', '30s', '5m', '2h', '8d', '1w'. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`;

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds. @throws {TypeError} for anything else than a span of time */
export function milliseconds(duration: Duration): number {
  if (typeof duration === 'number' && duration >= 0) return duration;
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(String(duration));
  if (parts === null) {
    throw new TypeError(
      `'${String(duration)}' is no span of time: write milliseconds (250) or a text like '250ms', '30s', '8d'`,
    );
  }
  return Number(parts[1]) * UNITS[parts[2]];
}
