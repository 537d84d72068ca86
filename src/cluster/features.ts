/** Features of a cluster that are versioned as a whole (KIP-584), and the levels a new cluster begins with. */
import type { FeatureRange } from './image.ts';
import type { DraftOf } from './metadata-records.ts';

export interface SupportedFeature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** As Apache Kafka 4.4 has them; metadata.version 33 is its '4.4-IV2'. */
export const supportedFeatures: readonly SupportedFeature[] = [
  { name: 'group.version', minVersion: 0, maxVersion: 1 },
  { name: 'kraft.version', minVersion: 0, maxVersion: 1 },
  { name: 'metadata.version', minVersion: 7, maxVersion: 33 },
  { name: 'share.version', minVersion: 0, maxVersion: 2 },
  { name: 'streams.version', minVersion: 0, maxVersion: 1 },
  { name: 'transaction.version', minVersion: 0, maxVersion: 2 },
  { name: 'eligible.leader.replicas.version', minVersion: 0, maxVersion: 1 },
];

/** The same as brokers and controllers say it when they register. */
export const supportedRanges: readonly FeatureRange[] = supportedFeatures.map(({ name, minVersion, maxVersion }) => ({
  name,
  minSupportedVersion: minVersion,
  maxSupportedVersion: maxVersion,
}));

/** The levels of metadata.version that brought records, or fields of records, which the level before it does not know. */
const CHANGES_RECORDS: ReadonlySet<number> = new Set([8, 11, 13, 14, 15, 17, 23, 30, 32, 33]);

/** Whether the log may hold what brokers at level `to` of metadata.version cannot read. */
export function wouldLoseMetadata(from: number, to: number): boolean {
  return [...CHANGES_RECORDS].some((level) => level > to && level <= from);
}

/** The levels that a new cluster begins with, as Kafka 4.4 finalizes them. */
export const initialLevels: readonly { readonly name: string; readonly level: number }[] = [
  { name: 'metadata.version', level: 33 },
  { name: 'kraft.version', level: 1 },
  { name: 'group.version', level: 1 },
  { name: 'share.version', level: 2 },
  { name: 'streams.version', level: 1 },
  { name: 'transaction.version', level: 2 },
  { name: 'eligible.leader.replicas.version', level: 1 },
];

/** The same as records. */
export function initialFeatures(): DraftOf<'FeatureLevelRecord'>[] {
  return initialLevels.map(({ name, level: featureLevel }) => ({ type: 'FeatureLevelRecord', name, featureLevel }));
}
