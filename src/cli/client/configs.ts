/** Settings of topics, brokers and groups: read, set, deleted. */
import { DescribeConfigs } from '../../../protocol/apis/32-describe-configs.ts';
import { IncrementalAlterConfigs } from '../../../protocol/apis/44-incremental-alter-configs.ts';
import { UsageError } from '../usage.ts';
import type { Cluster } from './cluster.ts';
import { refuse } from './failure.ts';

export const ResourceType = { topic: 2, broker: 4, logger: 8, group: 32 } as const;

export type ResourceKind = keyof typeof ResourceType;

/** Where a value comes from, by Kafka's numbers. */
const SOURCES = ['', 'topic', 'broker', 'all brokers', 'file', 'default', 'logger', 'client metrics', 'group'];

export interface Setting {
  readonly name: string;
  /** null where it is unset, or secret. */
  readonly value: string | null;
  readonly source: string;
  readonly readOnly: boolean;
  readonly sensitive: boolean;
  readonly documentation: string | null;
  /** Where a value is looked for, nearest first, as kafka-configs writes it; only when asked for. */
  readonly synonyms: readonly string[];
}

/** The names of sources in Java's AdminClient, by Kafka's numbers. */
const JAVA_SOURCES = [
  'UNKNOWN',
  'DYNAMIC_TOPIC_CONFIG',
  'DYNAMIC_BROKER_CONFIG',
  'DYNAMIC_DEFAULT_BROKER_CONFIG',
  'STATIC_BROKER_CONFIG',
  'DEFAULT_CONFIG',
  'DYNAMIC_BROKER_LOGGER_CONFIG',
  'DYNAMIC_CLIENT_METRICS_CONFIG',
  'DYNAMIC_GROUP_CONFIG',
];

/** A broker answers for itself alone. */
function isOfBroker(type: number): boolean {
  return type === ResourceType.broker || type === ResourceType.logger;
}

function kindOf(type: number): string {
  return Object.entries(ResourceType).find(([, number]) => number === type)?.[0] ?? 'resource';
}

/** All settings of each resource, or those with these keys. Brokers are asked themselves. */
export async function describeConfigs(
  cluster: Cluster,
  type: number,
  names: readonly string[],
  keys: readonly string[] | null = null,
  { includeDocumentation = false, includeSynonyms = false } = {},
): Promise<Map<string, Setting[]>> {
  const found = new Map<string, Setting[]>();
  if (isOfBroker(type)) await cluster.metadata([]); // which says where each is
  const asked = isOfBroker(type) ? names.map((name) => [name]) : [names];
  for (const together of asked) {
    const draft = {
      resources: together.map((resourceName) => ({ resourceType: type, resourceName, configurationKeys: keys })),
      includeDocumentation,
      includeSynonyms,
    };
    const answer =
      isOfBroker(type) && together[0] !== ''
        ? await cluster.sendTo(Number(together[0]), DescribeConfigs, draft)
        : await cluster.sendAny(DescribeConfigs, draft);
    for (const { errorCode, errorMessage, resourceName, configs } of answer.results) {
      refuse(`${kindOf(type)} '${resourceName}'`, errorCode, errorMessage);
      found.set(
        resourceName,
        configs
          .map(({ name, value, configSource, readOnly, isSensitive, documentation, synonyms }) => ({
            name,
            value,
            source: SOURCES[configSource] ?? '',
            readOnly,
            sensitive: isSensitive,
            documentation,
            synonyms: synonyms.map((each) => `${JAVA_SOURCES[each.source] ?? 'UNKNOWN'}:${each.name}=${each.value}`),
          }))
          .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      );
    }
  }
  return found;
}

/** Sets each key to its value, or forgets it where that is null. */
export async function alterConfigs(
  cluster: Cluster,
  type: number,
  names: readonly string[],
  changes: ReadonlyMap<string, string | null>,
  validateOnly = false,
): Promise<void> {
  const configs = [...changes].map(([name, value]) => ({ name, value, configOperation: value === null ? 1 : 0 }));
  const draft = {
    resources: names.map((resourceName) => ({ resourceType: type, resourceName, configs })),
    validateOnly,
  };
  const check = ({
    responses,
  }: {
    responses: { errorCode: number; errorMessage: string | null; resourceName: string }[];
  }) => {
    for (const { errorCode, errorMessage, resourceName } of responses) {
      refuse(`${kindOf(type)} '${resourceName}'`, errorCode, errorMessage);
    }
  };
  // Under ZooKeeper each broker keeps its own settings; under KRaft it passes them on.
  const own = isOfBroker(type) ? names.find((name) => name !== '') : undefined;
  if (own === undefined) await cluster.sendToController(IncrementalAlterConfigs, draft, check);
  else {
    await cluster.metadata([]);
    check(await cluster.sendTo(Number(own), IncrementalAlterConfigs, draft));
  }
}

/** key=value of each. */
export function parseSettings(texts: readonly string[]): [string, string][] {
  return texts.map((text) => {
    const equals = text.indexOf('=');
    if (equals < 1) throw new UsageError(`'${text}' is no setting: write key=value, such as retention.ms=3600000`);
    return [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
  });
}
