/** An answer without what each broker chooses for itself; the order stays. */
import { errorName } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';

export type Shown = string | number | boolean | null | readonly Shown[] | { readonly [name: string]: Shown };

const OWN = new Set(['clusterId', 'host', 'port', 'nodeId', 'leaderId', 'controllerId', 'brokerId', 'rack', 'logDir']);
const TIMES = /timestamp|logAppendTimeMs|throttleTimeMs|StartTimeMs/i;
/** What Ottla says where Kafka tells of its objects in memory. */
const REFUSAL = 'Cluster authorization failed.';
/** Refusals by an authorizer: their words are compared, too. */
const REFUSED = /_AUTHORIZATION_FAILED$/;

export function shown(value: unknown, ids: ReadonlyMap<string, string>, name = ''): Shown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (Buffer.isBuffer(value)) return `${value.length} bytes`;
  if (name === 'configs' && Array.isArray(value)) return `${value.length > 0 ? 'some' : 'no'} configs`;
  if (Array.isArray(value)) return value.map((each) => shown(each, ids, name));
  if (typeof value === 'string' && value.startsWith('Request Request(')) return REFUSAL;
  if (typeof value === 'object') return struct(value, ids);
  if (name === 'totalBytes' || name === 'usableBytes') return '<bytes>';
  if (OWN.has(name) && value !== '' && value !== -1) return `<${name}>`;
  if (TIMES.test(name) && value !== -1) return '<time>';
  if (typeof value === 'string' && /topicId/i.test(name)) return idName(value, ids);
  if (
    /^(memberId|sessionId|producerId|baseOffset|highWatermark|lastStableOffset)$/.test(name) &&
    value !== -1 &&
    value !== ''
  ) {
    return `<${name}>`;
  }
  return value as Shown;
}

function struct(value: object, ids: ReadonlyMap<string, string>): Shown {
  const { errorCode = 0 } = value as { readonly errorCode?: number };
  const isRefusal = REFUSED.test(errorName(errorCode));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const isText = /errorMessage$/i.test(key) && inner !== null && inner !== '' && !isRefusal;
      return [key, isText ? '<text>' : shown(inner, ids, key)];
    }),
  );
}

function idName(id: string, ids: ReadonlyMap<string, string>): string {
  if (id === ZERO_UUID) return '<zero>';
  return [...ids].find(([, known]) => known === id)?.[0] ?? '<id>';
}

/** The same with every list sorted. */
export function sorted(value: Shown): Shown {
  if (Array.isArray(value)) return value.map(sorted).sort(byText);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, sorted(each)]));
}

function byText(one: Shown, other: Shown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}
