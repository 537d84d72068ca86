/** Lists configuration resources: groups and client metrics subscriptions that have settings, all brokers and topics. */
import { ListConfigResources } from '../../protocol/apis/74-list-config-resources.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ResourceType, type ClusterImage } from '../cluster/image.ts';
import { BROKER_LOGGER } from './config-resources.ts';
import type { Parts } from './broker-parts.ts';
import { flatMapInPieces, mapInPieces } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { describeConfigs } from '../security/needs.ts';

const { topic, broker: BROKER, clientMetrics, group } = ResourceType;
/** In Kafka's order. */
const TYPES: readonly number[] = [group, clientMetrics, BROKER_LOGGER, BROKER, topic];

export const listConfigResources = handler(ListConfigResources, {
  needs: () => describeConfigs.cluster(),
  *handle({ resourceTypes }, { apiVersion }, { metadata }: Parts<'metadata'>) {
    if (resourceTypes.some((type) => !TYPES.includes(type))) {
      return { errorCode: ErrorCode.UNSUPPORTED_VERSION, configResources: [] };
    }
    // v0 lists client metrics only (KIP-714).
    const wanted: readonly number[] = apiVersion === 0 ? [clientMetrics] : resourceTypes;
    const types = TYPES.filter((type) => wanted.length === 0 || wanted.includes(type));
    const configResources = yield* flatMapInPieces(types, (resourceType) =>
      mapInPieces(namesOf(resourceType, metadata.image), (resourceName) => ({ resourceName, resourceType })),
    );
    return { errorCode: ErrorCode.NONE, configResources };
  },
  refuse: (_request, errorCode) => ({ errorCode, configResources: [] }),
});

function namesOf(type: number, image: ClusterImage): string[] {
  if (type === topic) return [...image.topicsByName.keys()];
  if (type === BROKER || type === BROKER_LOGGER) return [...image.brokers.keys()].map(String);
  const prefix = `${type}:`;
  return [...image.configs.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}
