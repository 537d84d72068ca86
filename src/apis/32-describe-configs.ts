/** Shows the configuration of topics, brokers, groups and client metrics, and where each value comes from. */
import { DescribeConfigs } from '../../protocol/apis/32-describe-configs.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import type { RequestOf } from '../../protocol/schema.ts';
import { configOf, ResourceType } from '../cluster/image.ts';
import { topicNameFault } from '../cluster/topic-name.ts';
import type { Refusal } from '../config/alter.ts';
import {
  describeBroker,
  describeClientMetrics,
  describeClusterDefaults,
  describeGroup,
  describeLoggers,
  describeTopic,
} from '../config/describe.ts';
import type { DescribeOptions, DescribedConfig } from '../config/describe.ts';
import type { Parts } from './broker-parts.ts';
import { BROKER_LOGGER, configNeed, invalidRequest, isNodeId } from './config-resources.ts';
import { andThen } from '../coordination/answers.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';
import { levelsOf } from './log-levels.ts';
import { describeConfigs as toDescribe } from '../security/needs.ts';

type DescribedResource = RequestOf<typeof DescribeConfigs>['resources'][number];
type Broker = Parts<'nodeId' | 'layers' | 'logger' | 'metadata'>;

const TYPES: ReadonlySet<number> = new Set([...Object.values(ResourceType), BROKER_LOGGER].sort((a, b) => a - b));

export const describeConfigs = handler(DescribeConfigs, {
  parts: {
    list: 'resources',
    needs: () => (resource) => configNeed(toDescribe, resource),
    refused: ({ resourceType, resourceName }, errorCode) => ({
      errorCode,
      errorMessage: errorMessage(errorCode),
      resourceType,
      resourceName,
      configs: [],
    }),
    answers: 'results',
    place: 'last',
  },
  *handle({ resources, includeSynonyms, includeDocumentation }, { apiVersion }, broker: Broker) {
    // As in Kafka, one resource of an unknown type fails the whole request.
    const unknown = resources.find(({ resourceType }) => !TYPES.has(resourceType));
    const describeOne = ({ resourceType, resourceName, configurationKeys }: DescribedResource) => {
      const options = { configurationKeys, includeSynonyms, includeDocumentation };
      const described =
        unknown === undefined
          ? describe(resourceType, resourceName, broker, options)
          : invalidRequest(`Resource type ${unknown.resourceType} is unknown: use ${[...TYPES].join(', ')}`);
      const resource = { resourceType, resourceName };
      return Array.isArray(described)
        ? // Without an error Kafka's message is empty, not null.
          { ...resource, errorCode: ErrorCode.NONE, errorMessage: '', configs: described }
        : { ...resource, ...described, configs: [] };
    };
    const bytesOf = (result: ReturnType<typeof describeOne>) =>
      responseBytes(DescribeConfigs, apiVersion, { results: [result] });
    return andThen(yield* answerEach(resources, describeOne, bytesOf, JSON.stringify), (results) => ({ results }));
  },
  refuse: ({ resources }, errorCode) => ({
    results: resources.map(({ resourceType, resourceName }) => ({
      errorCode,
      errorMessage: null,
      resourceType,
      resourceName,
      configs: [],
    })),
  }),
});

function describe(type: number, name: string, broker: Broker, options: DescribeOptions): DescribedConfig[] | Refusal {
  const { metadata, layers, nodeId } = broker;
  const own = configOf(metadata.image, type, name);
  switch (type) {
    case ResourceType.topic: {
      const fault = topicNameFault(name);
      if (fault !== null) return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: fault };
      if (metadata.image.topicsByName.has(name)) return describeTopic(own, layers, options);
      return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: '' };
    }
    case ResourceType.broker:
      if (name === '') return describeClusterDefaults(own, options);
      if (!isNodeId(name)) return invalidRequest(`'${name}' is not a broker id: give a number`);
      if (Number(name) === nodeId) return describeBroker(layers, options);
      return invalidRequest(
        `This is broker ${nodeId}: ask broker ${name} for its configuration, or give an empty name for all brokers`,
      );
    case BROKER_LOGGER:
      if (name === '') return invalidRequest('Give the id of a broker to describe its loggers');
      if (!isNodeId(name)) return invalidRequest(`'${name}' is not a broker id: give a number`);
      if (Number(name) === nodeId) return describeLoggers(levelsOf(broker.logger), options);
      return invalidRequest(`This is broker ${nodeId}: ask broker ${name} for its loggers`);
    case ResourceType.clientMetrics:
      if (name === '') return invalidRequest('Give the name of a client metrics subscription');
      return describeClientMetrics(own, options);
    case ResourceType.group:
      return name === '' ? invalidRequest('Give the name of a group') : describeGroup(own, layers, options);
    default:
      throw new Error(`resource type ${type} passed the check for known types`);
  }
}
