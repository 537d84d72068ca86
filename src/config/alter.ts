/** What an alteration makes of a resource's settings, and whether the result is allowed. */
import { clientMetricsKeys, isMatchPattern } from './client-metrics.ts';
import { refuseConflicts } from './conflicts.ts';
import { ConfigError, parseValue, valuesOf } from './definition.ts';
import type { Definition, Table } from './definition.ts';
import { groupKeys } from './group.ts';
import { groupKeysBroker } from './group-broker-keys.ts';
import { PRINCIPAL_BUILDERS, refuseClass } from './java-classes.ts';
import { definitionOf } from './layers.ts';
import { serverConfig, serverKeys } from './server.ts';
import type { ServerConfig } from './server.ts';
import { topicKeys } from './topic.ts';

export type ConfigTexts = ReadonlyMap<string, string>;

/** Why an alteration is turned down: Kafka's error code and what to tell the client. */
export interface Refusal {
  readonly errorCode: number;
  readonly errorMessage: string;
}

/** Kafka's codes, here by number: this folder knows nothing of the protocol. */
export const INVALID_CONFIG = 40;
export const INVALID_REQUEST = 42;

/** Of one resource: several times what all tables have. Kafka has no such limit. */
export const MOST_SETTINGS = 2000;

export const SET = 0;
export const DELETE = 1;
export const APPEND = 2;
export const SUBTRACT = 3;

export interface Operation {
  readonly name: string;
  /** 0 set, 1 delete, 2 append, 3 subtract. */
  readonly configOperation: number;
  readonly value: string | null;
}

export type Altered = { readonly values: Map<string, string> } | { readonly refusal: Refusal };

/**
 * Carries out incremental operations on the settings a resource has now. `inForce` says what a key falls back to,
 * for lists that are appended to without a value of their own.
 */
export function applyOperations(
  current: ConfigTexts,
  operations: readonly Operation[],
  rowOf: (name: string) => Definition | undefined,
  inForce: (name: string) => string | null,
): Altered {
  if (operations.length > MOST_SETTINGS) return { refusal: tooManySettings('the resource') };
  const names = new Set(operations.map(({ name }) => name));
  if (names.size < operations.length) return refuse(INVALID_REQUEST, 'Error due to duplicate config keys');
  const values = new Map(current);
  for (const { name, configOperation, value } of operations) {
    if (configOperation === DELETE) {
      values.delete(name);
      continue;
    }
    if (value === null) return refuse(INVALID_REQUEST, `Null value not supported for : ${name}`);
    if (configOperation === SET) {
      values.set(name, value);
      continue;
    }
    if (configOperation !== APPEND && configOperation !== SUBTRACT) {
      return refuse(INVALID_REQUEST, `Unknown operation ${configOperation}: 0 sets, 1 deletes, 2 appends, 3 subtracts`);
    }
    if (rowOf(name)?.type !== 'list') {
      const verb = configOperation === APPEND ? 'APPEND' : 'SUBTRACT';
      return refuse(INVALID_CONFIG, `Can't ${verb} to key ${name} because its type is not LIST.`);
    }
    const before = splitList(values.get(name) ?? inForce(name) ?? '');
    const given = splitList(value);
    const [known, gone] = [new Set(before), new Set(given)];
    const after =
      configOperation === APPEND
        ? [...before, ...given.filter((element) => !known.has(element))]
        : before.filter((element) => !gone.has(element));
    values.set(name, after.join(','));
  }
  return { values };
}

/** The settings AlterConfigs asks for: all of them at once, those left out are gone. */
export function replaceAll(configs: readonly { name: string; value: string | null }[]): Altered {
  const operations = configs.map(({ name, value }) => ({ name, value, configOperation: SET }));
  return applyOperations(
    new Map(),
    operations,
    () => undefined,
    () => null,
  );
}

function refuse(errorCode: number, errorMessage: string): { refusal: Refusal } {
  return { refusal: { errorCode, errorMessage } };
}

function splitList(text: string): string[] {
  return text.trim() === '' ? [] : text.trim().split(/\s*,\s*/);
}

/** Whether a topic may have these settings, at creation or afterwards. */
export function validateTopicConfig(values: ConfigTexts, broker: ServerConfig): Refusal | undefined {
  const refusal = validateTexts(values, topicKeys, 'topic');
  if (refusal !== undefined) return refusal;
  const topic = valuesOf(topicKeys, values);
  const [least, most] = [
    values.has('min.compaction.lag.ms') ? topic['min.compaction.lag.ms'] : broker['log.cleaner.min.compaction.lag.ms'],
    values.has('max.compaction.lag.ms') ? topic['max.compaction.lag.ms'] : broker['log.cleaner.max.compaction.lag.ms'],
  ];
  if (least > most) {
    return invalidConfig(
      `conflict topic config setting min.compaction.lag.ms (${least}) > max.compaction.lag.ms (${most})`,
    );
  }
  if (topic['remote.storage.enable']) {
    return invalidConfig(
      'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with ' +
        'remote log storage: leave out remote.storage.enable.',
    );
  }
  return undefined;
}

/** Whether a group may have these settings; the broker's `group.…min…` and `group.…max…` keys bound them. */
export function validateGroupConfig(values: ConfigTexts, broker: ServerConfig): Refusal | undefined {
  const refusal = validateTexts(values, groupKeys, 'group');
  if (refusal !== undefined) return refusal;
  const group = valuesOf(groupKeys, values);
  for (const [key, { min, max }] of Object.entries(groupKeysBroker)) {
    if (!values.has(key)) continue;
    const value = group[key as keyof typeof group] as number;
    const [least, most] = [min, max].map((bound) => (bound === undefined ? undefined : (broker[bound] as number)));
    if ((least ?? value) <= value && value <= (most ?? value)) continue;
    const range = `must be in the range ${least} to ${most} inclusive.`;
    return invalidConfig(`${key} ${least === undefined ? `must be less than or equal to ${most}` : range}`);
  }
  const assignors = broker['group.streams.assignors'];
  const assignor = group['streams.assignor.name'];
  if (assignor !== null && !assignors.includes(assignor)) {
    return invalidConfig(`streams.assignor.name must be one of group.streams.assignors: ${assignors.join(', ')}`);
  }
  if (group['errors.deadletterqueue.topic.name'].startsWith('__')) {
    return invalidConfig("errors.deadletterqueue.topic.name must not start with '__'");
  }
  for (const kind of ['consumer', 'share', 'streams'] as const) {
    const [session, heartbeat] = [`${kind}.session.timeout.ms`, `${kind}.heartbeat.interval.ms`] as const;
    const inForce = (key: typeof session | typeof heartbeat) => (values.has(key) ? group[key] : broker[`group.${key}`]);
    if (inForce(session) <= inForce(heartbeat)) return invalidConfig(`${session} must be greater than ${heartbeat}`);
  }
  return undefined;
}

export function validateClientMetricsConfig(values: ConfigTexts): Refusal | undefined {
  for (const [name, text] of values) {
    if (!Object.hasOwn(clientMetricsKeys, name)) {
      return { errorCode: INVALID_REQUEST, errorMessage: `Unknown client metrics configuration: ${name}` };
    }
    const complaint = complaintOf(name, (clientMetricsKeys as Table)[name], text);
    if (complaint !== undefined) return invalidConfig(complaint);
    if (name === 'interval.ms' && !isPushInterval(text)) {
      const errorMessage = `Invalid value ${text} for interval.ms, interval must be between 100 and 3600000 (1 hour)`;
      return { errorCode: INVALID_REQUEST, errorMessage };
    }
    const foreign = name === 'match' ? splitList(text).find((pattern) => !isMatchPattern(pattern)) : undefined;
    if (foreign !== undefined) return invalidConfig(`Illegal client matching pattern: ${foreign}`);
  }
  return undefined;
}

function isPushInterval(text: string): boolean {
  return /^\d{1,9}$/.test(text.trim()) && Number(text) >= 100 && Number(text) <= 3_600_000;
}

/** Keys and certificates, which Kafka changes for one listener at a time. */
const STORES = new RegExp(
  [
    /^ssl\.keystore\.(type|location|password|certificate\.chain|key)$/,
    /^ssl\.key\.password$/,
    /^ssl\.truststore\.(type|location|password|certificates)$/,
  ]
    .map(({ source }) => source)
    .join('|'),
);

/**
 * Whether the dynamic settings of one broker (`perBroker`), or of all of them, may be these. Keys that no table
 * has are taken, as in Kafka: plugins may know them.
 */
export function validateBrokerConfig(values: ConfigTexts, perBroker: boolean): Refusal | undefined {
  if (values.size > MOST_SETTINGS) return tooManySettings('the broker');
  const own = [...values.keys()].filter((key) => Object.hasOwn(serverKeys, key));
  const where = (test: (row: Definition, key: string) => boolean) =>
    own.filter((key) => test(serverKeys[key as keyof typeof serverKeys], key));
  const fixed = where(({ update }) => update === 'read-only');
  if (fixed.length > 0) return invalidRequest(`Cannot update these configs dynamically: [${fixed.join(', ')}]`);
  const perListener = own.filter((key) => STORES.test(key));
  if (perListener.length > 0) {
    return invalidRequest(
      'These security configs can be dynamically updated only per-listener using the listener ' +
        `prefix: [${perListener.join(', ')}]`,
    );
  }
  const onlyOne = [...values.keys()].filter((key) => definitionOf(key)?.update === 'per-broker');
  if (!perBroker && onlyOne.length > 0) {
    return invalidRequest(
      `Cannot update these configs at default cluster level, broker id must be specified: [${onlyOne.join(', ')}]`,
    );
  }
  const sockets = own.filter((key) => key === 'listeners' || key === 'listener.security.protocol.map');
  if (sockets.length > 0) {
    return invalidRequest(`Ottla opens its listeners when it starts: set ${sockets.join(' and ')} there and restart`);
  }
  for (const [key, text] of values) {
    const row = definitionOf(key);
    const complaint = row === undefined ? undefined : (complaintOf(key, row, text) ?? complaintOfClass(key, row, text));
    if (complaint !== undefined) return invalidRequest(complaint);
  }
  const conflict = complaintOver(() => refuseConflicts(serverConfig(values)));
  return conflict === undefined ? undefined : invalidRequest(conflict);
}

function validateTexts(values: ConfigTexts, table: Table, kind: string): Refusal | undefined {
  for (const [key, text] of values) {
    if (!Object.hasOwn(table, key)) return invalidConfig(`Unknown ${kind} config name: ${key}`);
    const complaint = complaintOf(key, table[key], text);
    if (complaint !== undefined) return invalidConfig(complaint);
  }
  return undefined;
}

function complaintOf(key: string, row: Definition, text: string): string | undefined {
  return complaintOver(() => parseValue(key, row, text));
}

/** With another class the broker would not start again, and so could not be told to leave it out. */
function complaintOfClass(key: string, row: Definition, text: string): string | undefined {
  if (row !== serverKeys['principal.builder.class']) return undefined;
  return complaintOver(() => refuseClass(key, text, PRINCIPAL_BUILDERS));
}

function complaintOver(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

export function tooManySettings(what: string): Refusal {
  return invalidConfig(`There are too many settings for ${what}: at most ${MOST_SETTINGS} are taken`);
}

function invalidConfig(errorMessage: string): Refusal {
  return { errorCode: INVALID_CONFIG, errorMessage };
}

function invalidRequest(errorMessage: string): Refusal {
  return { errorCode: INVALID_REQUEST, errorMessage };
}
