/** Client quotas (KIP-13, KIP-546): which may be set for whom, what an alteration makes of them, and which fit a filter. */
import { ErrorCode } from '../../protocol/errors.ts';
import { quotaKey, type ClientQuota, type QuotaPart } from './image.ts';
import { eachInPieces, filterInPieces, inPieces, type Pieces } from '../platform/pieces.ts';
import type { MetadataDraft } from './metadata-records.ts';

export interface QuotaOperation {
  readonly key: string;
  readonly value: number;
  readonly remove: boolean;
}

export interface QuotaAlteration {
  readonly entity: readonly QuotaPart[];
  readonly ops: readonly QuotaOperation[];
}

export interface QuotaResult {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly entity: readonly QuotaPart[];
}

/** What a filter demands of one type: 0 this name, 1 the default, 2 any. */
export interface QuotaFilter {
  readonly entityType: string;
  readonly matchType: number;
  readonly match: string | null;
}

export interface Fault {
  readonly errorCode: number;
  readonly errorMessage: string;
}

const OF_CLIENTS: Readonly<Record<string, number>> = {
  producer_byte_rate: 2 ** 63,
  consumer_byte_rate: 2 ** 63,
  request_percentage: Infinity,
  controller_mutation_rate: Infinity,
};
/** Each key's end: of int64, of int32, or none where fractions are allowed. */
const OF_ADDRESSES: Readonly<Record<string, number>> = { connection_creation_rate: 2 ** 31 };
const TYPES: ReadonlySet<string> = new Set(['user', 'client-id', 'ip']);
const EPSILON = 1e-6;
/** Of an entity looked at, and keys of it: there are fewer types and keys, so that what has more repeats some. */
const MOST_PARTS = 100;
const MOST_KEYS = 100;
/** Kafka asks the DNS about other names too. */
const ADDRESS = /^((\d{1,3}\.){3}\d{1,3}|[0-9a-f.]*:[0-9a-f:.]*:[0-9a-f:.]*|localhost)$/i;

/** Decides each alteration for itself: one result for each entity, records for those that are in order. */
export function* alterClientQuotas(
  alterations: readonly QuotaAlteration[],
): Pieces<{ results: QuotaResult[]; records: MetadataDraft[] }> {
  const results = new Map<string, QuotaResult>();
  const records: MetadataDraft[] = [];
  yield* eachInPieces(alterations, ({ entity: parts, ops }) => {
    // A type that is named twice counts once, as in Kafka: the last one.
    const entity = [...new Map(parts.slice(-MOST_PARTS).map((part) => [part.entityType, part])).values()];
    const id = quotaKey(entity);
    const isRepeated =
      results.has(id) || ops.length > MOST_KEYS || new Set(ops.map(({ key }) => key)).size < ops.length;
    const fault = isRepeated ? 'The same entity, or the same key of it, appears twice' : faultOf(entity, ops);
    results.set(id, {
      errorCode: fault === null ? ErrorCode.NONE : ErrorCode.INVALID_REQUEST,
      errorMessage: fault,
      entity,
    });
    if (fault !== null) return;
    for (const { key, value, remove } of ops) {
      records.push({ type: 'ClientQuotaRecord', entity, key, value: remove ? 0 : value, remove });
    }
  });
  return { results: [...results.values()], records };
}

function faultOf(entity: readonly QuotaPart[], ops: readonly QuotaOperation[]): string | null {
  if (entity.length === 0) return 'A quota is for a user, a client-id or an ip: name one';
  for (const { entityType, entityName } of entity) {
    if (!TYPES.has(entityType)) return `There are no quotas for a '${entityType}': use user, client-id or ip`;
    if (entityName === '') return `An empty ${entityType} cannot have quotas: null stands for the default`;
  }
  const address = entity.find(({ entityType }) => entityType === 'ip');
  if (address !== undefined && entity.length > 1) return 'The quota of an ip is for nothing but the ip';
  if (address !== undefined && address.entityName !== null && !ADDRESS.test(address.entityName)) {
    return `${address.entityName} is no address, and not localhost`;
  }
  const limits = address === undefined ? OF_CLIENTS : OF_ADDRESSES;
  for (const { key, value, remove } of ops) {
    const fault = remove ? null : valueFault(limits, key, value);
    if (fault !== null) return fault;
  }
  return null;
}

function valueFault(limits: Readonly<Record<string, number>>, key: string, value: number): string | null {
  if (!Object.hasOwn(limits, key)) return `There is no quota '${key}' here: use ${Object.keys(limits).join(', ')}`;
  if (value <= 0) return `Quota ${key} must be greater than 0`;
  const limit = limits[key];
  if (limit === Infinity) return null;
  if (value >= limit) return `Quota ${key} must be less than ${limit}`;
  return Math.abs(value - Math.round(value)) > EPSILON ? `Quota ${key} must be a whole number` : null;
}

/** The quotas that have what each filter demands; `strict`, and nothing else. */
export function matchingQuotas(
  quotas: Iterable<ClientQuota>,
  filters: readonly QuotaFilter[],
  strict: boolean,
): Pieces<ClientQuota[] | Fault> {
  const fault = filterFault(filters);
  if (fault !== null) return inPieces<ClientQuota[] | Fault>(fault);
  return filterInPieces(quotas, ({ entity }) => {
    if (strict && entity.length !== filters.length) return false;
    return filters.every((filter) => entity.some((part) => fits(part, filter)));
  });
}

function fits({ entityType, entityName }: QuotaPart, filter: QuotaFilter): boolean {
  if (entityType !== filter.entityType) return false;
  return filter.matchType === 2 || entityName === (filter.matchType === 1 ? null : filter.match);
}

function filterFault(filters: readonly QuotaFilter[]): Fault | null {
  const seen = new Set<string>();
  for (const { entityType, matchType, match } of filters) {
    if (seen.has(entityType)) return invalid(`${entityType} appears more than once in the filter`);
    seen.add(entityType);
    if (entityType === '') return invalid('A part of the filter has no entity type: use user, client-id or ip');
    if (!TYPES.has(entityType)) {
      const errorMessage = `There are no quotas for a '${entityType}': use user, client-id or ip`;
      return { errorCode: ErrorCode.UNSUPPORTED_VERSION, errorMessage };
    }
    if (matchType < 0 || matchType > 2) return invalid(`There is no match type ${matchType}: use 0, 1 or 2`);
    if (matchType === 0 && match === null) return invalid('Match type 0 is for a name, and there is none');
    if (matchType !== 0 && match !== null) return invalid(`Match type ${matchType} takes no name`);
  }
  return seen.has('ip') && seen.size > 1 ? invalid('ip goes with neither user nor client-id') : null;
}

function invalid(errorMessage: string): Fault {
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
}
