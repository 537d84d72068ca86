/** Between the requests of channel.ts and the messages of rpc-proto.ts, as protobufjs has them. */
import type {
  Calls,
  Compare,
  DeleteRangeRequest,
  EtcdId,
  KeyValue,
  Method,
  PutRequest,
  RangeRequest,
  RangeResponse,
  RequestOp,
  ResponseHeader,
  ResponseOp,
  WatchRequest,
  WatchResponse,
} from './channel.ts';

/** As protobufjs gives them with { longs: String, defaults: true }. */
interface RawHeader {
  readonly memberId: string;
  readonly revision: string;
  readonly raftTerm: string;
}
interface RawKeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly createRevision: string;
  readonly modRevision: string;
  readonly version: string;
  readonly lease: string;
}
interface RawRange {
  readonly header: RawHeader | null;
  readonly kvs: readonly RawKeyValue[];
  readonly more: boolean;
  readonly count: string;
}
interface RawOp {
  readonly responseRange?: RawRange;
  readonly responsePut?: object;
  readonly responseDeleteRange?: { readonly deleted: string };
}
interface RawEvent {
  readonly type: number;
  readonly kv: RawKeyValue;
}

interface MethodOf<M extends Method> {
  readonly path: string;
  readonly requestType: string;
  readonly responseType: string;
  readonly to: (request: Calls[M][0]) => object;
  readonly from: (response: object) => Calls[M][1];
}

const RESULTS = { '=': 0, '>': 1, '<': 2, '!=': 3 } as const;
const TARGETS = { version: 0, createRevision: 1, modRevision: 2 } as const;
const DELETED = 1;

export const METHODS: { readonly [M in Method]: MethodOf<M> } = {
  range: {
    path: '/etcdserverpb.KV/Range',
    requestType: 'RangeRequest',
    responseType: 'RangeResponse',
    to: toRange,
    from: (response) => fromRange(response as RawRange),
  },
  txn: {
    path: '/etcdserverpb.KV/Txn',
    requestType: 'TxnRequest',
    responseType: 'TxnResponse',
    to: ({ compare, success, failure = [] }) => ({
      compare: compare.map(toCompare),
      success: success.map(toOp),
      failure: failure.map(toOp),
    }),
    from: (response) => {
      const { header, succeeded, responses } = response as {
        header: RawHeader;
        succeeded: boolean;
        responses: readonly RawOp[];
      };
      return { header: fromHeader(header), succeeded, responses: responses.map(fromOp) };
    },
  },
  compact: {
    path: '/etcdserverpb.KV/Compact',
    requestType: 'CompactionRequest',
    responseType: 'CompactionResponse',
    to: ({ revision }) => ({ revision, physical: false }),
    from: onlyHeader,
  },
  leaseGrant: {
    path: '/etcdserverpb.Lease/LeaseGrant',
    requestType: 'LeaseGrantRequest',
    responseType: 'LeaseGrantResponse',
    to: ({ id, ttl }) => ({ ID: id, TTL: ttl }),
    from: (response) => ({ ...onlyHeader(response), ttl: Number((response as { TTL: string }).TTL) }),
  },
  leaseRevoke: {
    path: '/etcdserverpb.Lease/LeaseRevoke',
    requestType: 'LeaseRevokeRequest',
    responseType: 'LeaseRevokeResponse',
    to: ({ id }) => ({ ID: id }),
    from: onlyHeader,
  },
  leaseTimeToLive: {
    path: '/etcdserverpb.Lease/LeaseTimeToLive',
    requestType: 'LeaseTimeToLiveRequest',
    responseType: 'LeaseTimeToLiveResponse',
    to: ({ id, keys = false }) => ({ ID: id, keys }),
    from: (response) => {
      const { TTL, grantedTTL, keys } = response as { TTL: string; grantedTTL: string; keys: readonly Buffer[] };
      return { ttl: Number(TTL), grantedTtl: Number(grantedTTL), keys };
    },
  },
  status: {
    path: '/etcdserverpb.Maintenance/Status',
    requestType: 'StatusRequest',
    responseType: 'StatusResponse',
    to: () => ({}),
    from: (response) => {
      const { header, version, leader, dbSize } = response as {
        header: RawHeader;
        version: string;
        leader: EtcdId;
        dbSize: string;
      };
      return { memberId: header.memberId, version, leader, dbSizeBytes: Number(dbSize) };
    },
  },
  authenticate: {
    path: '/etcdserverpb.Auth/Authenticate',
    requestType: 'AuthenticateRequest',
    responseType: 'AuthenticateResponse',
    to: ({ name, password }) => ({ name, password }),
    from: (response) => ({ token: (response as { token: string }).token }),
  },
};

export function toWatchRequest(request: WatchRequest | 'progress'): object {
  if (request === 'progress') return { progressRequest: {} };
  const { key, rangeEnd, startRevision } = request;
  return { createRequest: { key, rangeEnd, startRevision } };
}

export function fromWatchResponse(response: object): WatchResponse {
  const { header, created, canceled, compactRevision, cancelReason, events } = response as {
    header: RawHeader;
    created: boolean;
    canceled: boolean;
    compactRevision: string;
    cancelReason: string;
    events: readonly RawEvent[];
  };
  return {
    header: fromHeader(header),
    created,
    canceled,
    compactRevision: Number(compactRevision),
    cancelReason,
    events: events.map(({ type, kv }) => ({ type: type === DELETED ? 'delete' : 'put', kv: fromKeyValue(kv) })),
  };
}

export function fromLeaseResponse(response: object): { ttl: number } {
  return { ttl: Number((response as { TTL: string }).TTL) };
}

function toRange({ key, rangeEnd, limit, revision, keysOnly, countOnly, serializable }: RangeRequest): object {
  return { key, rangeEnd, limit, revision, keysOnly, countOnly, serializable };
}

function toPut({ key, value, lease }: PutRequest): object {
  return { key, value, lease };
}

function toDelete({ key, rangeEnd }: DeleteRangeRequest): object {
  return { key, rangeEnd };
}

function toCompare({ key, target, is, value }: Compare): object {
  return { key, target: TARGETS[target], result: RESULTS[is], [target]: value };
}

function toOp(op: RequestOp): object {
  if ('range' in op) return { requestRange: toRange(op.range) };
  if ('put' in op) return { requestPut: toPut(op.put) };
  return { requestDeleteRange: toDelete(op.deleteRange) };
}

function fromOp({ responseRange, responseDeleteRange }: RawOp): ResponseOp {
  if (responseRange !== undefined) return { range: fromRange(responseRange) };
  if (responseDeleteRange !== undefined) return { deleteRange: { deleted: Number(responseDeleteRange.deleted) } };
  return { put: true };
}

function fromRange({ header, kvs, more, count }: RawRange): RangeResponse {
  return { header: fromHeader(header), kvs: kvs.map(fromKeyValue), more, count: Number(count) };
}

/** A range within a transaction has none. */
function fromHeader(header: RawHeader | null): ResponseHeader {
  return {
    memberId: header?.memberId ?? '0',
    revision: Number(header?.revision ?? 0),
    raftTerm: Number(header?.raftTerm ?? 0),
  };
}

function onlyHeader(response: object): { header: ResponseHeader } {
  return { header: fromHeader((response as { header: RawHeader }).header) };
}

function fromKeyValue({ key, value, createRevision, modRevision, version, lease }: RawKeyValue): KeyValue {
  return {
    key,
    value,
    createRevision: Number(createRevision),
    modRevision: Number(modRevision),
    version: Number(version),
    lease,
  };
}
