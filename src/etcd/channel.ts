/**
 * One member of an etcd cluster as its callers see it: etcd's own requests, and an end to each. What is done when one fails is
 * the client's to decide (client.ts). `grpc-channel.ts` brings them over the network; the simulation in test/ answers them itself.
 */

/** 64 random bits are more than a number holds: ids are decimal text. Revisions and counts are numbers. */
export type EtcdId = string;

export interface ResponseHeader {
  readonly memberId: EtcdId;
  /** Of the store when the request was answered. */
  readonly revision: number;
  readonly raftTerm: number;
}

export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
  /** How often it was put since it was made. */
  readonly version: number;
  /** '0': none. */
  readonly lease: EtcdId;
}

export interface RangeRequest {
  readonly key: Buffer;
  /** Exclusive; see prefixEnd. Missing: `key` alone. */
  readonly rangeEnd?: Buffer;
  /** 0: all. */
  readonly limit?: number;
  /** 0: the newest. */
  readonly revision?: number;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  /** Answered from the member's own copy, which may be old. */
  readonly serializable?: boolean;
}

export interface RangeResponse {
  readonly header: ResponseHeader;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

export interface PutRequest {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly lease?: EtcdId;
}

export interface DeleteRangeRequest {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
}

export type RequestOp =
  { readonly range: RangeRequest } | { readonly put: PutRequest } | { readonly deleteRange: DeleteRangeRequest };

export type ResponseOp =
  { readonly range: RangeResponse } | { readonly put: true } | { readonly deleteRange: { readonly deleted: number } };

/** What a transaction asks of a key; a key that is not there has all of them 0. */
export interface Compare {
  readonly key: Buffer;
  readonly target: 'version' | 'createRevision' | 'modRevision';
  readonly is: '=' | '>' | '<' | '!=';
  readonly value: number;
}

export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure?: readonly RequestOp[];
}

export interface TxnResponse {
  readonly header: ResponseHeader;
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}

export interface LeaseTimeToLive {
  /** Seconds that are left; -1: there is no such lease. */
  readonly ttl: number;
  readonly grantedTtl: number;
  readonly keys: readonly Buffer[];
}

export interface MemberStatus {
  readonly memberId: EtcdId;
  readonly version: string;
  /** '0': none is known. */
  readonly leader: EtcdId;
  readonly dbSizeBytes: number;
}

/** Requests with one response each, by their names in etcd's API: what is asked, and what comes back. */
export interface Calls {
  range: [RangeRequest, RangeResponse];
  txn: [TxnRequest, TxnResponse];
  compact: [{ readonly revision: number }, { readonly header: ResponseHeader }];
  /** `ttl` in seconds; etcd grants 1.5 × its election time-out at least. */
  leaseGrant: [
    { readonly id: EtcdId; readonly ttl: number },
    { readonly header: ResponseHeader; readonly ttl: number },
  ];
  leaseRevoke: [{ readonly id: EtcdId }, { readonly header: ResponseHeader }];
  leaseTimeToLive: [{ readonly id: EtcdId; readonly keys?: boolean }, LeaseTimeToLive];
  status: [Record<string, never>, MemberStatus];
  authenticate: [{ readonly name: string; readonly password: string }, { readonly token: string }];
}

export type Method = keyof Calls;

export interface WatchEvent {
  readonly type: 'put' | 'delete';
  /** Of a deletion only `key` and `modRevision` say something. */
  readonly kv: KeyValue;
}

export interface WatchResponse {
  readonly header: ResponseHeader;
  readonly created: boolean;
  readonly canceled: boolean;
  /** Above 0: what was asked for is compacted; the history begins there. */
  readonly compactRevision: number;
  readonly cancelReason: string;
  readonly events: readonly WatchEvent[];
}

export interface WatchRequest {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
  readonly startRevision: number;
}

/** A stream of requests and responses; it ends once, by `close` or by itself. */
export interface Stream<Request> {
  send(request: Request): void;
  /** No response follows, and `ended` is not called. */
  close(): void;
}

export interface StreamListener<Response> {
  received(response: Response): void;
  /** Null where the member ended it in order. */
  ended(error: RpcError | null): void;
}

export interface Channel {
  readonly endpoint: string;
  /** @throws {RpcError} after `deadlineMs` at the latest */
  call<M extends Method>(method: M, request: Calls[M][0], deadlineMs: number): Promise<Calls[M][1]>;
  /** Each request renews the lease; a response with a `ttl` of 0: it is gone. */
  keepAlive(listener: StreamListener<{ readonly ttl: number }>): Stream<EtcdId>;
  /** 'progress' asks for a response without events, which says how far the watch has come. */
  watch(listener: StreamListener<WatchResponse>): Stream<WatchRequest | 'progress'>;
  close(): void;
}

/** The codes of gRPC that etcd and the client use. */
export const Code = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** What a member answered instead of a response, or what became of the connection to it. */
export class RpcError extends Error {
  /** Of gRPC. */
  readonly code: number;
  readonly endpoint: string;

  constructor(code: number, message: string, endpoint: string) {
    super(`etcd at ${endpoint}: ${message}`);
    this.name = 'RpcError';
    this.code = code;
    this.endpoint = endpoint;
  }
}

/** The end of the range of all keys that begin with `prefix`. */
export function prefixEnd(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  for (let i = end.length - 1; i >= 0; i--) {
    if (end[i] === 0xff) continue;
    end[i]++;
    return end.subarray(0, i + 1);
  }
  return Buffer.from([0]); // to the end of all keys
}
