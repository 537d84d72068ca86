import type { Plain } from './normalise.ts';

/** Each field in which the two answers differ, as a sentence that begins with the path to it. */
export function differences(ottla: Plain | undefined, kafka: Plain | undefined, path = ''): string[] {
  if (isStruct(ottla) && isStruct(kafka)) {
    const names = new Set([...Object.keys(ottla), ...Object.keys(kafka)]);
    return [...names].flatMap((name) => differences(ottla[name], kafka[name], `${path}.${name}`));
  }
  if (Array.isArray(ottla) && Array.isArray(kafka) && ottla.length === kafka.length) {
    return ottla.flatMap((each, at) => differences(each, kafka[at], `${path}[${labelOf(each) ?? at}]`));
  }
  const [a, b] = [JSON.stringify(ottla), JSON.stringify(kafka)];
  return a === b ? [] : [`${path}: Ottla ${short(a)}, Kafka ${short(b)}`];
}

function isStruct(value: Plain | undefined): value is { [name: string]: Plain } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Configurations are told apart by their names, everything else by its place. */
function labelOf(value: Plain): string | null {
  return isStruct(value) && 'configSource' in value ? JSON.stringify(value.name) : null;
}

function short(text: string | undefined): string {
  if (text === undefined) return 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** The same differences of several versions, once: 'v3-7, v9 answer 1.errorCode: …'. */
export function byVersion(found: ReadonlyMap<number, readonly string[]>): string[] {
  const versions = new Map<string, number[]>();
  for (const [version, sentences] of found) {
    for (const sentence of sentences) versions.set(sentence, [...(versions.get(sentence) ?? []), version]);
  }
  return [...versions].map(([sentence, those]) => `${ranges(those)} ${sentence}`);
}

function ranges(versions: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const version of [...versions].sort((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last !== undefined && last[1] === version - 1) last[1] = version;
    else parts.push([version, version]);
  }
  return parts.map(([first, last]) => (first === last ? `v${first}` : `v${first}-${last}`)).join(', ');
}
