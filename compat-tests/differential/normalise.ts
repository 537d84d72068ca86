/** Makes answers of two brokers comparable: what each chooses for itself gets a name, what has no order is sorted. */
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import { magic } from '../../protocol/records/batch.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';

/** What one broker has chosen and the test knows. */
export interface Chosen {
  readonly nodeId: number;
  readonly topicIds: ReadonlyMap<string, string>;
  readonly producerIds: ReadonlySet<number>;
  /** The names of this case begin with it. */
  readonly prefix: string;
}

export type Plain = string | number | boolean | null | Plain[] | { [name: string]: Plain };

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const NODES = new Set(['nodeId', 'leaderId', 'controllerId', 'brokerId', 'replicaNodes', 'isrNodes']);
const TEXTS = new Set(['errorMessage', 'acknowledgeErrorMessage', 'batchIndexErrorMessage', 'documentation']);
const OWN = new Set(['clusterId', 'host', 'logDir', 'clientHost']);
const POSITIVE = new Set(['port', 'sessionId', 'totalBytes', 'usableBytes', 'finalizedFeaturesEpoch']);
const TIMES = /timestamp|StartTimeMs/i;
/** Longer than any run takes. */
const RECENT_MS = 2_400_000;

export function normalised(value: unknown, chosen: Chosen, name = ''): Plain {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return text(value, name, chosen);
  if (typeof value === 'number') return number(value, name, chosen);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return Number(value);
  if (Buffer.isBuffer(value)) return name === 'records' ? recordBatches(value, chosen) : bytes(value);
  if (Array.isArray(value)) return joined(value.map((each) => normalised(each, chosen, name))).sort(byText);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, normalised(inner, chosen, key)]));
}

function text(value: string, name: string, { topicIds, prefix }: Chosen): Plain {
  if (OWN.has(name)) return value === '' ? '' : `<${name}>`;
  if (TEXTS.has(name)) return value === '' ? '' : '<text>';
  if (name === 'topicId' && value === ZERO_UUID) return '<zero>';
  if (name === 'topicId') return `<id of ${topicIds.get(value) ?? 'a topic'}>`.replaceAll(prefix, '');
  return value.replace(UUID, '<uuid>').replaceAll(prefix, '');
}

function number(value: number, name: string, { nodeId, producerIds }: Chosen): Plain {
  if (NODES.has(name) && value === nodeId) return '<node>';
  if (POSITIVE.has(name) && value > 0) return `<${name}>`;
  if (name === 'coordinatorEpoch' && value >= 0) return '<epoch>'; // grows with each start
  if (producerIds.has(value) && /producerId/i.test(name)) return '<producer id>';
  if ((TIMES.test(name) || name === 'logAppendTimeMs') && Math.abs(value - Date.now()) < RECENT_MS) return '<now>';
  return value;
}

function bytes(value: Buffer): Plain {
  const printable = /^[ -~]*$/.test(value.toString('latin1'));
  return printable ? value.toString('latin1') : `0x${value.toString('hex')}`;
}

function recordBatches(value: Buffer, chosen: Chosen): Plain {
  return [...batches(value)].map((at) =>
    magic(value, at) === 2 ? normalised(decodeBatch(value, at), chosen) : `magic ${magic(value, at)}`,
  );
}

/** Answers about several partitions may name their topic once or several times. */
function joined(values: readonly Plain[]): Plain[] {
  const found = new Map<string, Plain>();
  for (const value of values) {
    const [lists, rest] = isEntry(value) ? split(value) : [{}, value];
    const key = isEntry(value) ? JSON.stringify(rest) : `${found.size}`;
    const before = found.get(key);
    if (before === undefined) {
      found.set(key, value);
      continue;
    }
    const one = before as Record<string, Plain[]>;
    for (const [name, list] of Object.entries(lists)) one[name] = [...one[name], ...list].sort(byText);
  }
  return [...found.values()];
}

type Entry = Record<string, Plain>;

function isEntry(value: Plain): value is Entry {
  return typeof value === 'object' && value !== null && ('partitions' in value || 'partitionResponses' in value);
}

function split(entry: Entry): [lists: Record<string, Plain[]>, rest: Entry] {
  const lists: Record<string, Plain[]> = {};
  const rest: Entry = {};
  for (const [name, value] of Object.entries(entry)) {
    if (Array.isArray(value)) lists[name] = value;
    else rest[name] = value;
  }
  return [lists, rest];
}

function byText(one: Plain, other: Plain): number {
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}
