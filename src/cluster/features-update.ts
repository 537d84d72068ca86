/** Raising and lowering finalized features (KIP-584): all updates of a request are in order, or none happens. */
import { ErrorCode } from '../../protocol/errors.ts';
import { clearElr } from './clear-elr.ts';
import { supportedFeatures, wouldLoseMetadata } from './features.ts';
import type { ClusterImage } from './image.ts';
import type { MetadataDraft } from './metadata-records.ts';

export interface FeatureUpdate {
  readonly feature: string;
  /** 0 takes the feature out of force. */
  readonly maxVersionLevel: number;
  /** 1 upgrade, 2 safe downgrade, 3 unsafe downgrade. */
  readonly upgradeType: number;
}

export interface FeaturesUpdated {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly records: MetadataDraft[];
}

const ELR_VERSION = 'eligible.leader.replicas.version';
/** There are fewer features. */
const MOST_UPDATES = 1000;
const UPGRADE = 1;
const UNSAFE_DOWNGRADE = 3;

export function updateFeatures(updates: readonly FeatureUpdate[], image: ClusterImage): FeaturesUpdated {
  const records: MetadataDraft[] = [];
  if (updates.length > MOST_UPDATES) {
    const errorMessage = `No feature was changed: at most ${MOST_UPDATES} are updated at a time`;
    return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage, records };
  }
  // Of a feature that is named twice the last update counts, as in Kafka.
  for (const update of new Map(updates.map((each) => [each.feature, each])).values()) {
    const { feature: name, maxVersionLevel: featureLevel } = update;
    const current = image.features.get(name) ?? 0;
    const fault = faultOf(update, current);
    if (fault !== null) {
      const errorMessage = `No feature was changed: ${name || 'a feature without a name'} ${fault}`;
      return { errorCode: ErrorCode.INVALID_UPDATE_VERSION, errorMessage, records: [] };
    }
    if (featureLevel === current) continue;
    records.push({ type: 'FeatureLevelRecord', name, featureLevel });
    if (name === ELR_VERSION) for (const cleared of clearElr(image)) records.push(cleared);
  }
  return { errorCode: ErrorCode.NONE, errorMessage: null, records };
}

function faultOf({ feature, maxVersionLevel: level, upgradeType }: FeatureUpdate, current: number): string | null {
  if (upgradeType < UPGRADE || upgradeType > UNSAFE_DOWNGRADE) {
    return `cannot be updated by type ${upgradeType}: 1 upgrades, 2 and 3 downgrade`;
  }
  const supported = supportedFeatures.find(({ name }) => name === feature);
  if (supported === undefined) return 'is not one of this broker: ApiVersions lists them';
  const { minVersion, maxVersion } = supported;
  if (level < minVersion || level > maxVersion)
    return `cannot be ${level}: ${minVersion} to ${maxVersion} are supported`;
  if (level > current && upgradeType !== UPGRADE) return `is ${current}: ${level} would be an upgrade, use type 1`;
  if (level >= current) return null;
  if (feature === 'kraft.version') return 'can never be lowered';
  if (upgradeType === UPGRADE) return `is ${current}: ${level} would be a downgrade, use type 2 or 3`;
  const isLoss = feature === 'metadata.version' && wouldLoseMetadata(current, level);
  return isLoss ? `cannot be lowered from ${current} to ${level}: records of the metadata log would be lost` : null;
}
