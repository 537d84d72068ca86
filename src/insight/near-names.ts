/** Which of many names somebody may have meant. */
import { distance } from '../config/did-you-mean.ts';

/** Names that differ from `wanted` by case, separators, a plural or a slip of the fingers; the nearest first. */
export function nearNames(wanted: string, names: Iterable<string>, most = 3): string[] {
  const bare = bareOf(wanted);
  const slips = Math.max(1, Math.floor(bare.length / 4));
  const near: { name: string; between: number }[] = [];
  for (const name of names) {
    const other = bareOf(name);
    if (name === wanted || Math.abs(other.length - bare.length) > slips) continue;
    const between = distance(bare, other);
    if (between <= slips) near.push({ name, between });
  }
  return near
    .sort((a, b) => a.between - b.between || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name);
}

/** Longer names are compared by their beginning alone: a topic's has at most 249 characters, a group id may have 32 KiB. */
const COMPARED = 249;

function bareOf(name: string): string {
  return name.slice(0, COMPARED).toLowerCase().replace(/[._-]/g, '').replace(/s$/, '');
}
