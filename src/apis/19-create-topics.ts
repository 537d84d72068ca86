/** Creates topics; they accept writes before the response is sent. */
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { ErrorCode, errorMessageOrNull } from '../../protocol/errors.ts';
import type { ResponseDraft } from '../../protocol/schema.ts';
import { ConfigSource, describeTopic } from '../config/describe.ts';
import type { BrokerLayers } from '../config/layers.ts';
import type { Parts } from './broker-parts.ts';
import { mapInPieces } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { mutationQuota } from './mutation-quota.ts';
import { repeatedNames } from './repeated-names.ts';
import { anyOf, create, describeConfigs } from '../security/needs.ts';

type EchoedConfig = NonNullable<ResponseDraft<typeof CreateTopics>['topics'][number]['configs']>[number];

/** From this version on what is above a quota is refused (KIP-599). */
const STRICT_SINCE = 6;
/** From v5 on the response has the topic's configuration (KIP-525). */
const ECHO = 5;

export const createTopics = handler(CreateTopics, {
  parts: {
    list: 'topics',
    needs: ({ topics }) => {
      const twice = repeatedNames(topics);
      return ({ name }) => (twice.has(name) ? null : anyOf(create.cluster(), create.topic(name)));
    },
    refused: ({ name }, errorCode) => ({ name, errorCode, errorMessage: 'Authorization failed.' }),
    answers: 'topics',
    place: 'last',
  },
  byHand: [describeConfigs.topic('topics[].name of the response')],
  forwarded: true,
  handle: ({ topics, validateOnly }, context, broker: Parts<'controller' | 'layers' | 'quotas'>) => {
    const { apiVersion, access } = context;
    const quota = mutationQuota(broker, context, CreateTopics.name, STRICT_SINCE);
    const { takePermits } = quota;
    return broker.controller.createTopics(topics, { validateOnly, takePermits }).then(function* (results) {
      const echo = apiVersion >= ECHO ? configEcho(broker.layers) : () => [];
      const created = yield* mapInPieces(results, (result) => {
        const { name, errorCode } = result;
        if (result.errorMessage !== null) return { name, errorCode, errorMessage: result.errorMessage };
        const { topicId, numPartitions, replicationFactor } = result;
        const topicConfigErrorCode = access?.errorOf(describeConfigs.topic(name), CreateTopics.name) ?? ErrorCode.NONE;
        if (topicConfigErrorCode !== ErrorCode.NONE) {
          return { name, topicId, errorCode, errorMessage: null, topicConfigErrorCode, configs: [] };
        }
        return {
          name,
          topicId,
          errorCode,
          errorMessage: null,
          numPartitions,
          replicationFactor,
          configs: echo(result.configs),
        };
      });
      return { topics: created, throttleTimeMs: quota.settle() };
    });
  },
  refuse: ({ topics }, errorCode) => ({
    topics: [...new Set(topics.map(({ name }) => name))].map((name) => ({
      name,
      errorCode,
      errorMessage: errorMessageOrNull(errorCode),
    })),
  }),
});

/** All settings of a topic: its own over the broker's, which are read once for all topics of a request. */
function configEcho(layers: BrokerLayers): (own: ReadonlyMap<string, string>) => EchoedConfig[] {
  const options = { configurationKeys: null, includeSynonyms: false, includeDocumentation: false };
  const inherited = describeTopic(new Map(), layers, options);
  const listed = new Set(inherited.map(({ name }) => name));
  const rows = inherited.map(({ name, value, readOnly, configSource, isSensitive }) => ({
    name,
    value,
    readOnly,
    configSource,
    isSensitive,
  }));
  const ownRow = (name: string, value: string): EchoedConfig => ({
    name,
    value,
    readOnly: false,
    configSource: ConfigSource.DYNAMIC_TOPIC_CONFIG,
    isSensitive: false,
  });
  return (own) => [
    ...rows.map((row) => {
      const value = own.get(row.name);
      return value === undefined ? row : ownRow(row.name, value);
    }),
    // Keys that Kafka lists only where they are set.
    ...[...own].filter(([name]) => !listed.has(name)).map(([name, value]) => ownRow(name, value)),
  ];
}
