/** `kafka-configs` for users, clients and IP addresses: their quotas, and users' SCRAM credentials (KIP-546, KIP-554). */
import { DescribeClientQuotas } from '../../../protocol/apis/48-describe-client-quotas.ts';
import { AlterClientQuotas } from '../../../protocol/apis/49-alter-client-quotas.ts';
import { DescribeUserScramCredentials } from '../../../protocol/apis/50-describe-user-scram-credentials.ts';
import { AlterUserScramCredentials } from '../../../protocol/apis/51-alter-user-scram-credentials.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { FEWEST_ITERATIONS, isScram, SCRAM_MECHANISMS, type ScramMechanism } from '../../../protocol/sasl/scram.ts';
import { scramUpsertion } from '../../credentials/scram-upsertion.ts';
import { QUOTA_NAMES } from '../../config/quota-names.ts';
import type { Cluster } from '../client/cluster.ts';
import { refuse } from '../client/failure.ts';
import { lookUp } from '../../platform/probe.ts';
import { systemRandom } from '../../platform/random.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { CommandError, UsageError } from '../usage.ts';
import type { Flags } from './flags.ts';

type EntityType = 'users' | 'clients' | 'ips';

export interface ClientEntity {
  readonly type: EntityType;
  /** Empty: the default; null: whichever there are. */
  readonly name: string | null;
}

interface TypeFacts {
  /** Of requests. */
  readonly entityType: string;
  /** As Kafka's tool calls one in what it describes. */
  readonly described: string;
  /** The short flag that names one. */
  readonly flag: string;
}

const TYPES: Readonly<Record<EntityType, TypeFacts>> = {
  clients: { entityType: 'client-id', described: 'client-id', flag: 'client' },
  users: { entityType: 'user', described: 'user-principal', flag: 'user' },
  ips: { entityType: 'ip', described: 'ip', flag: 'ip' },
};

const OF_ADDRESSES = ['connection_creation_rate'];
const MOST_TYPES = 2;

/** Of the short flags, in Kafka's order. */
export const CLIENT_FLAGS = Object.values(TYPES).flatMap(({ flag }) => [flag, `${flag}-defaults`]);

export function isClientType(type: string): type is EntityType {
  return Object.hasOwn(TYPES, type);
}

/** Null where the flags name something else. @throws {UsageError} */
export function clientEntitiesOf(flags: Flags): readonly ClientEntity[] | null {
  const types = flags.all('entity-type');
  const short = (Object.keys(TYPES) as EntityType[]).flatMap((type) => shortOf(flags, type));
  if (!types.some(isClientType) && short.length === 0) return null;
  if (types.length > 0 && short.length > 0) {
    throw new UsageError(`--entity-type cannot be used with --${TYPES[short[0].type].flag}`);
  }
  const entities = short.length > 0 ? short : types.map((type, at) => longOf(flags, type, at));
  const isPair = entities.length === MOST_TYPES && new Set(entities.map(({ type }) => type)).size === MOST_TYPES;
  if (entities.length > 1 && (!isPair || entities.some(({ type }) => type === 'ips'))) {
    throw new UsageError("Only 'users' and 'clients' entity types may be specified together");
  }
  return entities;
}

function shortOf(flags: Flags, type: EntityType): ClientEntity[] {
  const { flag } = TYPES[type];
  const named = flags.has(flag) ? [{ type, name: flags.need(flag) }] : [];
  return flags.has(`${flag}-defaults`) ? [...named, { type, name: '' }] : named;
}

function longOf(flags: Flags, type: string, at: number): ClientEntity {
  if (!isClientType(type)) throw new UsageError(`--entity-type ${type} cannot be used with users, clients or ips`);
  return { type, name: flags.all('entity-name').at(at) ?? null };
}

/** `changes`: values to set, and null for what is to be deleted. */
export async function alterClients(
  cluster: Cluster,
  entities: readonly ClientEntity[],
  changes: ReadonlyMap<string, string | null>,
  terminal: Terminal,
): Promise<void> {
  await checkNames(entities);
  const scram = [...changes].filter(([key]) => isScram(key));
  const quotas = [...changes].filter(([key]) => !isScram(key));
  checkKeys(entities, changes, scram.length > 0);
  if (scram.length > 0) await alterCredentials(cluster, entities[0].name!, scram);
  else await alterQuotas(cluster, entities, quotas);
  const [{ type, name }] = entities;
  const what = name === '' ? `default config for ${type} in the cluster` : `config for ${type.slice(0, -1)} ${name}`;
  await printLine(terminal, `Completed updating ${what}.`);
}

async function checkNames(entities: readonly ClientEntity[]): Promise<void> {
  for (const { type, name } of entities) {
    if (name === null) throw new UsageError(`An entity name must be specified with --alter of ${type}`);
    if (type === 'ips' && name !== '') await checkAddress(name);
  }
}

async function checkAddress(name: string): Promise<void> {
  try {
    await lookUp(name);
  } catch {
    throw new UsageError(`The entity name for ips must be a valid IP or resolvable host, but it is: ${name}`);
  }
}

/** @throws {UsageError} in Kafka's words */
function checkKeys(
  entities: readonly ClientEntity[],
  changes: ReadonlyMap<string, string | null>,
  hasScram: boolean,
): void {
  const isOfUser = entities.length === 1 && entities[0].type === 'users';
  const isOfAddress = entities[0].type === 'ips';
  const known: readonly string[] = isOfAddress ? OF_ADDRESSES : QUOTA_NAMES;
  const isKnown = (key: string): boolean => known.includes(key) || (isOfUser && isScram(key));
  const unknown = [...changes].filter(([key]) => !isKnown(key));
  if (unknown.length > 0) {
    const kinds = isOfAddress ? 'connection quota' : isOfUser ? 'quota and SCRAM credential' : 'quota';
    const done = unknown[0][1] === null && !isOfAddress ? 'deleted' : 'added';
    const type = isOfAddress ? 'ips' : isOfUser ? 'users' : 'clients';
    throw new UsageError(
      `Only ${kinds} configs can be ${done} for '${type}' using --bootstrap-server. ` +
        `Unexpected config names: ${unknown.map(([key]) => key).join(',')}`,
    );
  }
  if (!hasScram) return;
  if (entities[0].name === '') {
    throw new UsageError(
      'The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.',
    );
  }
  if ([...changes.keys()].some((key) => !isScram(key))) {
    throw new UsageError(
      "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.",
    );
  }
}

type Change = readonly [key: string, value: string | null];

async function alterQuotas(
  cluster: Cluster,
  entities: readonly ClientEntity[],
  changes: readonly Change[],
): Promise<void> {
  const ops = changes.map(([key, value]) => ({
    key,
    value: value === null ? 0 : quotaValue(key, value),
    remove: value === null,
  }));
  const removed = ops.filter(({ remove }) => remove).map(({ key }) => key);
  if (removed.length > 0) {
    const current = new Set((await quotasOf(cluster, entities)).flatMap(({ values }) => values.map(({ key }) => key)));
    const missing = removed.filter((key) => !current.has(key));
    if (missing.length > 0) throw new CommandError(`Invalid config(s): ${missing.join(',')}`);
  }
  const entity = entities.map(({ type, name }) => ({
    entityType: TYPES[type].entityType,
    entityName: name === '' ? null : name,
  }));
  await cluster.sendToController(AlterClientQuotas, { entries: [{ entity, ops }], validateOnly: false }, (answer) => {
    for (const { errorCode, errorMessage } of answer.entries) refuse('the quotas', errorCode, errorMessage);
  });
}

function quotaValue(key: string, text: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`Cannot parse quota configuration value for ${key}: ${text}`);
}

async function alterCredentials(cluster: Cluster, name: string, changes: readonly Change[]): Promise<void> {
  const codeOf = (mechanism: string): number => SCRAM_MECHANISMS[mechanism as ScramMechanism].code;
  const deletions = changes.filter(([, value]) => value === null);
  const upsertions = changes.flatMap(([mechanism, value]) =>
    value === null ? [] : [upsertion(name, mechanism as ScramMechanism, value)],
  );
  const draft = { deletions: deletions.map(([key]) => ({ name, mechanism: codeOf(key) })), upsertions };
  await cluster.sendToController(AlterUserScramCredentials, draft, ({ results }) => {
    for (const { errorCode, errorMessage } of results) refuse(`user '${name}'`, errorCode, errorMessage);
  });
}

function upsertion(name: string, mechanism: ScramMechanism, text: string) {
  const [, given, password] = /^(?:iterations=(-?\d*),)?password=(.*)$/s.exec(text) ?? [];
  if (password === undefined) throw new UsageError(`Invalid credential property ${mechanism}=${text}`);
  const iterations = given === undefined || given === '-1' ? FEWEST_ITERATIONS : Number(given);
  if (iterations < FEWEST_ITERATIONS) {
    throw new UsageError(
      `Iterations ${iterations} is less than the minimum ${FEWEST_ITERATIONS} required for ${mechanism}`,
    );
  }
  return scramUpsertion(mechanism, { name, password, iterations }, systemRandom);
}

async function quotasOf(cluster: Cluster, entities: readonly ClientEntity[]) {
  const components = entities.map(({ type, name }) => ({
    entityType: TYPES[type].entityType,
    matchType: name === null ? 2 : name === '' ? 1 : 0,
    match: name === '' ? null : name,
  }));
  const { errorCode, errorMessage, entries } = await cluster.sendAny(DescribeClientQuotas, {
    components,
    strict: true,
  });
  refuse('the quotas', errorCode, errorMessage);
  return entries ?? [];
}

export async function describeClients(
  cluster: Cluster,
  entities: readonly ClientEntity[],
  terminal: Terminal,
): Promise<void> {
  for (const { entity, values } of await quotasOf(cluster, entities)) {
    const who = Object.values(TYPES)
      .toReversed()
      .flatMap(({ entityType, described }) => {
        const part = entity.find((one) => one.entityType === entityType);
        if (part === undefined) return [];
        return [part.entityName === null ? `the default ${described}` : `${described} '${part.entityName}'`];
      });
    const what = values.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ key, value }) => `${key}=${double(value)}`);
    await printLine(terminal, `Quota configs for ${who.join(', ')} are ${what.join(', ')}`);
  }
  const [{ type, name }] = entities;
  if (entities.length === 1 && type === 'users' && name !== '') await describeCredentials(cluster, name, terminal);
}

async function describeCredentials(cluster: Cluster, name: string | null, terminal: Terminal): Promise<void> {
  const asked = { users: name === null ? null : [{ name }] };
  const { errorCode, errorMessage, results } = await cluster.sendAny(DescribeUserScramCredentials, asked);
  refuse('the SCRAM credentials', errorCode, errorMessage);
  for (const { user, errorCode: ofUser, errorMessage: why, credentialInfos } of results) {
    if (ofUser === ErrorCode.RESOURCE_NOT_FOUND) continue;
    refuse(`user '${user}'`, ofUser, why);
    const infos = credentialInfos.map(
      ({ mechanism, iterations }) => `${mechanismName(mechanism)}=iterations=${iterations}`,
    );
    await printLine(terminal, `SCRAM credential configs for user-principal '${user}' are ${infos.join(', ')}`);
  }
}

function mechanismName(code: number): string {
  const names = Object.entries(SCRAM_MECHANISMS);
  return names.find(([, facts]) => facts.code === code)?.[0] ?? 'UNKNOWN';
}

/** As Java writes a double: 1000.0, 1.048576E7. */
function double(value: number): string {
  const isPlain = value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e7);
  if (isPlain) return Number.isInteger(value) ? value.toFixed(1) : String(value);
  const [digits, exponent] = value.toExponential().split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}
