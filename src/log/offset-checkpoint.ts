/** The text of Kafka's files named …-offset-checkpoint: an offset for each partition. PURE. */

const VERSION = '0';

/** By `<topic>-<partition>`. */
export type OffsetCheckpoint = Map<string, number>;

export function encodeOffsetCheckpoint(offsets: ReadonlyMap<string, number>): string {
  const lines = [...offsets].map(([name, offset]) => {
    const dash = name.lastIndexOf('-');
    return `${name.slice(0, dash)} ${name.slice(dash + 1)} ${offset}\n`;
  });
  return `${VERSION}\n${lines.length}\n${lines.join('')}`;
}

/** Null when the text is not whole: then the logs themselves must be read. */
export function decodeOffsetCheckpoint(text: string): OffsetCheckpoint | null {
  const [version, count, ...lines] = text.split('\n');
  if (version !== VERSION || lines.pop() !== '' || Number(count) !== lines.length) return null;
  const offsets: OffsetCheckpoint = new Map();
  for (const line of lines) {
    const match = /^(\S+) (\d+) (\d+)$/.exec(line);
    if (match === null) return null;
    offsets.set(`${match[1]}-${match[2]}`, Number(match[3]));
  }
  return offsets;
}
