/** The levels of metadata.version by their names, and what a cluster of each has of other features, as Apache Kafka 4.4 knows them. PURE. */
import { supportedFeatures } from './features.ts';

const FIRST_LEVEL = 7;
const NAMES =
  '3.3-IV3 3.4-IV0 3.5-IV0 3.5-IV1 3.5-IV2 3.6-IV0 3.6-IV1 3.6-IV2 3.7-IV0 3.7-IV1 3.7-IV2 3.7-IV3 3.7-IV4 3.8-IV0 3.9-IV0 4.0-IV0 4.0-IV1 4.0-IV2 4.0-IV3 4.1-IV0 4.1-IV1 4.2-IV0 4.2-IV1 4.3-IV0 4.4-IV0 4.4-IV1 4.4-IV2 4.5-IV0'.split(
    ' ',
  );
/** What a new cluster begins with; 4.5-IV0 is not in any release yet. */
export const NEWEST_METADATA_VERSION = '4.4-IV2';

/** Of each, in Kafka's order: from which level of metadata.version on a new cluster has which level of it. */
const INITIAL: Readonly<Record<string, readonly (readonly [since: number, level: number])[]>> = {
  'kraft.version': [[21, 1]],
  'transaction.version': [[24, 2]],
  'group.version': [[22, 1]],
  'eligible.leader.replicas.version': [[26, 1]],
  'share.version': [
    [28, 1],
    [31, 2],
  ],
  'streams.version': [[29, 1]],
};

/** '4.4-IV2' for 33. */
export function metadataVersionName(level: number): string | undefined {
  return NAMES[level - FIRST_LEVEL];
}

export const metadataVersionNames: readonly string[] = NAMES;

/** '4.0' and '4.0.1' stand for the last one of 4.0. Undefined: there is no such release. */
export function metadataVersionOf(release: string): number | undefined {
  const [major, minor, ...more] = release.split('.');
  const key = more.length === 0 ? release : `${major}.${minor}`;
  const exact = NAMES.indexOf(key);
  if (exact >= 0) return exact + FIRST_LEVEL;
  const last = NAMES.findLastIndex((name) => name.startsWith(`${key}-IV`));
  return last < 0 || last > NAMES.indexOf(NEWEST_METADATA_VERSION) ? undefined : last + FIRST_LEVEL;
}

/** Of the other features, in a new cluster of this level. */
export function initialLevelsAt(metadataVersion: number): readonly (readonly [feature: string, level: number])[] {
  return Object.entries(INITIAL).map(([feature, levels]) => {
    const reached = levels.findLast(([since]) => since <= metadataVersion);
    return [feature, reached?.[1] ?? 0] as const;
  });
}

/** Whether there is such a level of a feature; undefined: there is no such feature. */
export function hasLevel(feature: string, level: number): boolean | undefined {
  if (feature === 'metadata.version') return metadataVersionName(level) !== undefined;
  const known = supportedFeatures.find(({ name }) => name === feature);
  return known === undefined ? undefined : known.minVersion <= level && level <= known.maxVersion;
}

/** The level of metadata.version that a level of a feature cannot do without; null: it can. */
export function neededMetadataVersion(feature: string, level: number): number | null {
  return feature === 'eligible.leader.replicas.version' && level === 1 ? 23 : null;
}
