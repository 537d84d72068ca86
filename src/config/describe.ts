/** What DescribeConfigs tells of a resource: every key's value, where it comes from and what it hides. */
import { clientMetricsKeys } from './client-metrics.ts';
import { canonicalText } from './definition.ts';
import type { ConfigType, Definition, Table } from './definition.ts';
import { groupKeysBroker } from './group-broker-keys.ts';
import { groupKeys } from './group.ts';
import { defaultText, definitionOf, effectiveConfig, effectiveText, spellingsOf } from './layers.ts';
import type { BrokerLayers } from './layers.ts';
import { flushMs, retentionMs, rollJitterMs, rollMs } from './log-config.ts';
import { serverKeys } from './server.ts';
import type { ServerConfig } from './server.ts';
import { topicKeys } from './topic.ts';

type Texts = ReadonlyMap<string, string>;

/** DescribeConfigs' numbers for where a value comes from (KIP-226, KIP-714, KIP-1043). */
export const ConfigSource = {
  DYNAMIC_TOPIC_CONFIG: 1,
  DYNAMIC_BROKER_CONFIG: 2,
  DYNAMIC_DEFAULT_BROKER_CONFIG: 3,
  STATIC_BROKER_CONFIG: 4,
  DEFAULT_CONFIG: 5,
  DYNAMIC_BROKER_LOGGER_CONFIG: 6,
  DYNAMIC_CLIENT_METRICS_CONFIG: 7,
  DYNAMIC_GROUP_CONFIG: 8,
} as const;

const {
  DYNAMIC_TOPIC_CONFIG: TOPIC,
  DYNAMIC_GROUP_CONFIG: GROUP,
  DYNAMIC_CLIENT_METRICS_CONFIG: CLIENT_METRICS,
} = ConfigSource;

/** DescribeConfigs' numbers for types; 0 for keys that no table has. */
const TYPE_IDS: Readonly<Record<ConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
};

export interface Synonym {
  readonly name: string;
  readonly value: string | null;
  readonly source: number;
}

/** One row of the answer, with the field names of DescribeConfigsResponse. */
export interface DescribedConfig extends Omit<Synonym, 'source'> {
  readonly readOnly: boolean;
  readonly configSource: number;
  readonly isSensitive: boolean;
  readonly synonyms: readonly Synonym[];
  readonly configType: number;
  readonly documentation: string | null;
}

export interface DescribeOptions {
  /** The keys asked for; null or none asks for all. */
  readonly configurationKeys: readonly string[] | null;
  readonly includeSynonyms: boolean;
  readonly includeDocumentation: boolean;
}

export function describeTopic(own: Texts, layers: BrokerLayers, options: DescribeOptions): DescribedConfig[] {
  const broker = effectiveConfig(layers);
  return listed(topicKeys, own, options).map((name) => {
    const row = (topicKeys as Table)[name];
    const value =
      ownText(name, row, own) ??
      derivedText(name, broker) ??
      (row.broker === undefined ? row.defaultText : brokerText(row.broker, layers));
    const synonyms = row.broker === undefined ? [] : brokerSynonyms(row.broker, layers, false);
    return entry(name, row, value, withOwn(own, name, value, TOPIC, synonyms), false, options);
  });
}

export function describeGroup(own: Texts, layers: BrokerLayers, options: DescribeOptions): DescribedConfig[] {
  return listed(groupKeys, own, options).map((name) => {
    const row = (groupKeys as Table)[name];
    const { fallback } = groupKeysBroker[name as keyof typeof groupKeysBroker] ?? {};
    const value = ownText(name, row, own) ?? (fallback === undefined ? row.defaultText : brokerText(fallback, layers));
    const synonyms =
      fallback === undefined
        ? [{ name, value: row.defaultText, source: ConfigSource.DEFAULT_CONFIG }]
        : brokerSynonyms(fallback, layers, false);
    return entry(name, row, value, withOwn(own, name, value, GROUP, synonyms), false, options);
  });
}

export function describeClientMetrics(own: Texts, options: DescribeOptions): DescribedConfig[] {
  return listed(clientMetricsKeys, own, options).map((name) => {
    const row = (clientMetricsKeys as Table)[name];
    const value = ownText(name, row, own) ?? row.defaultText;
    return entry(name, row, value, withOwn(own, name, value, CLIENT_METRICS, []), false, options);
  });
}

/** All of one broker's keys: those of the table, and whatever else was given. */
export function describeBroker(layers: BrokerLayers, options: DescribeOptions): DescribedConfig[] {
  const given = new Map([...layers.static, ...layers.cluster, ...layers.broker]);
  return listed(serverKeys, given, options).map((name) => {
    const row = definitionOf(name);
    const synonyms = brokerSynonyms(name, layers, isSensitive(row));
    return entry(name, row, brokerText(name, layers), synonyms, !isDynamic(name), options);
  });
}

/** What was set dynamically for all brokers, and nothing else: Kafka's answer for the broker with the empty name. */
export function describeClusterDefaults(cluster: Texts, options: DescribeOptions): DescribedConfig[] {
  return wanted([...cluster.keys()], options).map((name) => {
    const row = definitionOf(name);
    const value = isSensitive(row) ? null : cluster.get(name)!;
    const synonyms = [{ name, value, source: ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG }];
    return entry(name, row, value, synonyms, !isDynamic(name), options);
  });
}

/** The levels of the loggers, by logger name. */
export function describeLoggers(levels: Texts, options: DescribeOptions): DescribedConfig[] {
  return wanted([...levels.keys()], options).map((name) => ({
    name,
    value: levels.get(name)!,
    readOnly: false,
    configSource: ConfigSource.DYNAMIC_BROKER_LOGGER_CONFIG,
    isSensitive: false,
    synonyms: [],
    configType: 0,
    documentation: null,
  }));
}

/** The table's keys and the given ones; keys that Kafka keeps to itself only when they were given, Ottla's when named. */
function listed(table: Table, given: Texts, options: DescribeOptions): string[] {
  const isNamed = (name: string): boolean =>
    name.startsWith('ottla.') && options.configurationKeys?.includes(name) === true;
  const open = Object.keys(table).filter((name) => !table[name].internal || given.has(name) || isNamed(name));
  return wanted([...new Set([...open, ...given.keys()])], options);
}

function wanted(names: string[], { configurationKeys }: DescribeOptions): string[] {
  if (configurationKeys === null || configurationKeys.length === 0) return names;
  const keys = new Set(configurationKeys);
  return names.filter((name) => keys.has(name));
}

function entry(
  name: string,
  row: Definition | undefined,
  value: string | null,
  synonyms: readonly Synonym[],
  readOnly: boolean,
  options: DescribeOptions,
): DescribedConfig {
  const hidden = isSensitive(row);
  const documented = options.includeDocumentation && !name.startsWith('listener.name.');
  return {
    name,
    value: hidden ? null : value,
    readOnly,
    configSource: synonyms[0]?.source ?? ConfigSource.DEFAULT_CONFIG,
    isSensitive: hidden,
    synonyms: options.includeSynonyms ? synonyms : [],
    configType: row === undefined ? 0 : TYPE_IDS[row.type],
    documentation: documented ? (row?.documentation ?? null) : null,
  };
}

/** What no table knows might be a plugin's secret. */
function isSensitive(row: Definition | undefined): boolean {
  return row === undefined || row.type === 'password';
}

function isDynamic(name: string): boolean {
  return Object.hasOwn(serverKeys, name) && serverKeys[name as keyof typeof serverKeys].update !== 'read-only';
}

function ownText(name: string, row: Definition, own: Texts): string | undefined {
  const text = own.get(name);
  return text === undefined ? undefined : canonicalText(name, row, text);
}

function brokerText(name: string, layers: BrokerLayers): string | null {
  const text = effectiveText(layers, name);
  const row = definitionOf(name);
  return text === null || row === undefined ? text : canonicalText(name, row, text);
}

/** Topic keys whose broker counterpart has several spellings. */
function derivedText(name: string, broker: ServerConfig): string | undefined {
  const ms =
    name === 'retention.ms'
      ? retentionMs(broker)
      : name === 'segment.ms'
        ? rollMs(broker)
        : name === 'segment.jitter.ms'
          ? rollJitterMs(broker)
          : name === 'flush.ms'
            ? flushMs(broker)
            : undefined;
  return ms === undefined ? undefined : longText(ms);
}

/** Longs beyond 2^53 were saturated when they were read; only "no limit" lies there in practice. */
function longText(value: number): string {
  return value === Number.MAX_SAFE_INTEGER ? '9223372036854775807' : String(value);
}

function withOwn(
  own: Texts,
  name: string,
  value: string | null,
  source: number,
  others: readonly Synonym[],
): readonly Synonym[] {
  return own.has(name) ? [{ name, value, source }, ...others] : others;
}

/** A required key has no default in Kafka, and settings.ts has set what Ottla takes. */
function kafkaDefault(name: string): string | null {
  return Object.hasOwn(serverKeys, name) && !definitionOf(name)?.required ? defaultText(name) : null;
}

/** Every place that sets the key or one of its other spellings, nearest first; none before the key itself. */
function brokerSynonyms(key: string, layers: BrokerLayers, hidden: boolean): readonly Synonym[] {
  const spellings = spellingsOf(key);
  const found = (source: number, textOf: (name: string) => string | null | undefined): Synonym[] =>
    spellings.flatMap((name) => {
      const text = textOf(name);
      return text === undefined || text === null ? [] : [{ name, value: hidden ? null : text, source }];
    });
  const all = [
    ...found(ConfigSource.DYNAMIC_BROKER_CONFIG, (name) => layers.broker.get(name)),
    ...found(ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG, (name) => layers.cluster.get(name)),
    ...found(ConfigSource.STATIC_BROKER_CONFIG, (name) => layers.static.get(name)),
    ...found(ConfigSource.DEFAULT_CONFIG, (name) => kafkaDefault(name)),
  ];
  const first = all.findIndex(({ name }) => name === key);
  return first < 0 ? [] : all.slice(first);
}
