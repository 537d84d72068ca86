/**
 * The keys and values of a simulated etcd with their history, as etcd's mvcc has them: every change of the store is a revision,
 * all changes of a transaction share one. Pure: no time, no members.
 */
import {
  Code,
  RpcError,
  type Compare,
  type EtcdId,
  type KeyValue,
  type RangeRequest,
  type RangeResponse,
  type RequestOp,
  type ResponseHeader,
  type ResponseOp,
  type TxnRequest,
  type WatchEvent,
} from '../../../src/etcd/channel.ts';

/** What a key was from a revision on; null: it was deleted then. */
interface Version {
  readonly revision: number;
  readonly kv: KeyValue | null;
}

export interface Change {
  readonly revision: number;
  readonly events: readonly WatchEvent[];
}

const MOST_OPS = 128;
const NOTHING = Buffer.alloc(0);
/** Of a revision in etcd's database besides its key and value: pages that are copied for it, and not full. `npm run bench:metadata` tells. */
const REVISION_BYTES = 650;
/** Names are bytes as text: none has this character. */
const BEHIND_ALL = '\u{ffff}';

export class RevisionStore {
  /** Of the newest change; a new store is at 1. */
  revision = 1;
  /** Revisions up to here are forgotten, but for what they left. */
  compactedRevision = 0;
  /** Every change since the beginning, or behind what was compacted. */
  readonly changes: Change[] = [];
  /** Of all revisions that are kept. */
  storedBytes = 0;
  /** The most there ever was: etcd's file does not shrink. */
  mostBytes = 0;
  readonly #forgets: boolean;
  /** Written since the store was compacted last. */
  readonly #written = new Set<string>();
  readonly #keys = new Map<string, Version[]>();
  /** Of `#keys`, in their order. */
  #names: string[] = [];
  readonly #endpoint: string;
  /** Of the leases that are there: a put that names another one is refused. */
  readonly leaseKeys = new Map<EtcdId, Set<string>>();

  /** `forgets`: what is compacted is not kept; it is, unless given, for tests that look at all there ever was. */
  constructor(endpoint: string, forgets = false) {
    this.#endpoint = endpoint;
    this.#forgets = forgets;
  }

  range(request: RangeRequest, header: ResponseHeader): RangeResponse {
    const { key, rangeEnd, limit = 0, revision = 0, keysOnly = false, countOnly = false } = request;
    if (revision > this.revision)
      this.#refuse(Code.outOfRange, 'etcdserver: mvcc: required revision is a future revision');
    if (revision > 0 && revision < this.compactedRevision) {
      this.#refuse(Code.outOfRange, 'etcdserver: mvcc: required revision has been compacted');
    }
    const found = this.#find(key, rangeEnd, revision === 0 ? this.revision : revision);
    const returned = countOnly ? [] : limit > 0 ? found.slice(0, limit) : found;
    const kvs = keysOnly ? returned.map((kv) => ({ ...kv, value: NOTHING })) : returned;
    return { header, kvs, more: limit > 0 && found.length > limit, count: found.length };
  }

  /** Whether its comparisons hold, and the answers of the operations that followed. All of them happen, or none. */
  txn({ compare, success, failure = [] }: TxnRequest, header: () => ResponseHeader) {
    if (Math.max(compare.length, success.length, failure.length) > MOST_OPS) {
      this.#refuse(Code.invalidArgument, 'etcdserver: too many operations in txn request');
    }
    refuseDuplicates(success, () =>
      this.#refuse(Code.invalidArgument, 'etcdserver: duplicate key given in txn request'),
    );
    const succeeded = compare.every((each) => this.#holds(each));
    const ops = succeeded ? success : failure;
    for (const op of ops) {
      if (!('put' in op) || op.put.lease === undefined || op.put.lease === '0') continue;
      if (!this.leaseKeys.has(op.put.lease)) this.#refuse(Code.notFound, 'etcdserver: requested lease not found');
    }
    const revision = this.revision + 1;
    const events: WatchEvent[] = [];
    const responses = ops.map((op) => this.#perform(op, revision, events));
    if (events.length > 0) this.#commit(revision, events);
    const { revision: atRevision } = header();
    return {
      succeeded,
      responses: responses.map((response) =>
        'range' in response
          ? { range: { ...response.range, header: { memberId: '0', revision: atRevision, raftTerm: 0 } } }
          : response,
      ),
    };
  }

  /** Deletes what hangs on a lease, in one revision. */
  revoke(id: EtcdId): void {
    const keys = [...(this.leaseKeys.get(id) ?? [])].sort();
    this.leaseKeys.delete(id);
    const revision = this.revision + 1;
    const events: WatchEvent[] = [];
    for (const key of keys) this.#delete(key, revision, events);
    if (events.length > 0) this.#commit(revision, events);
  }

  compact(revision: number): void {
    if (revision > this.revision)
      this.#refuse(Code.outOfRange, 'etcdserver: mvcc: required revision is a future revision');
    if (revision <= this.compactedRevision) {
      this.#refuse(Code.outOfRange, 'etcdserver: mvcc: required revision has been compacted');
    }
    this.compactedRevision = revision;
    if (this.#forgets) this.#forget(revision);
  }

  /** Changes of a key, or a range of keys, from a revision on. */
  changesOf(key: Buffer, rangeEnd: Buffer | undefined, fromRevision: number): Change[] {
    const first = this.changes.findLastIndex(({ revision }) => revision < fromRevision) + 1;
    return this.changes.slice(first).flatMap(({ revision, events }) => {
      const seen = events.filter(({ kv }) => isWithin(kv.key.toString('latin1'), key, rangeEnd));
      return seen.length > 0 ? [{ revision, events: seen }] : [];
    });
  }

  #holds({ key, target, is, value }: Compare): boolean {
    const actual = this.#newest(key.toString('latin1'))?.[target] ?? 0;
    if (is === '=') return actual === value;
    if (is === '!=') return actual !== value;
    return is === '>' ? actual > value : actual < value;
  }

  #perform(op: RequestOp, revision: number, events: WatchEvent[]): ResponseOp {
    if ('range' in op) {
      const found = this.#find(op.range.key, op.range.rangeEnd, revision);
      const { limit = 0 } = op.range;
      const header = { memberId: '0', revision, raftTerm: 0 };
      return {
        range: {
          header,
          kvs: limit > 0 ? found.slice(0, limit) : found,
          more: limit > 0 && found.length > limit,
          count: found.length,
        },
      };
    }
    if ('put' in op) {
      this.#put(op.put.key, op.put.value, op.put.lease ?? '0', revision, events);
      return { put: true };
    }
    const found = this.#find(op.deleteRange.key, op.deleteRange.rangeEnd, revision);
    for (const { key } of found) this.#delete(key.toString('latin1'), revision, events);
    return { deleteRange: { deleted: found.length } };
  }

  #put(key: Buffer, value: Buffer, lease: EtcdId, revision: number, events: WatchEvent[]): void {
    const name = key.toString('latin1');
    const before = this.#newest(name);
    const kv: KeyValue = {
      key: Buffer.from(key),
      value: Buffer.from(value),
      createRevision: before?.createRevision ?? revision,
      modRevision: revision,
      version: (before?.version ?? 0) + 1,
      lease,
    };
    if (before !== null) this.leaseKeys.get(before.lease)?.delete(name);
    this.leaseKeys.get(lease)?.add(name);
    this.#write(name, { revision, kv });
    events.push({ type: 'put', kv });
  }

  #delete(name: string, revision: number, events: WatchEvent[]): void {
    const before = this.#newest(name);
    if (before === null) return;
    this.leaseKeys.get(before.lease)?.delete(name);
    this.#write(name, { revision, kv: null });
    const kv = { key: before.key, value: NOTHING, createRevision: 0, modRevision: revision, version: 0, lease: '0' };
    events.push({ type: 'delete', kv });
  }

  /** Of each key what is older than its newest revision up to this one; of a key that was deleted then that, too. */
  #forget(revision: number): void {
    for (const name of this.#written) {
      const versions = this.#keys.get(name)!;
      const newest = versions.findLastIndex((each) => each.revision <= revision);
      const gone = versions[newest]?.kv === null ? newest + 1 : Math.max(0, newest);
      for (const version of versions.splice(0, gone)) this.storedBytes -= sizeOf(name, version);
      if (versions.length === 0) this.#keys.delete(name);
      if (versions.length < 2) this.#written.delete(name);
    }
    this.#names = this.#names.filter((name) => this.#keys.has(name));
    this.changes.splice(0, this.changes.findLastIndex((each) => each.revision <= revision) + 1);
  }

  #write(name: string, version: Version): void {
    this.#written.add(name);
    this.storedBytes += sizeOf(name, version);
    this.mostBytes = Math.max(this.mostBytes, this.storedBytes);
    const versions = this.#keys.get(name);
    if (versions !== undefined) return void versions.push(version);
    this.#keys.set(name, [version]);
    this.#names.splice(this.#placeOf(name), 0, name);
  }

  /** Of the first name that is not before this one. */
  #placeOf(name: string): number {
    let [low, high] = [0, this.#names.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#names[middle] < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #commit(revision: number, events: readonly WatchEvent[]): void {
    this.revision = revision;
    this.changes.push({ revision, events });
  }

  #newest(name: string): KeyValue | null {
    return this.#keys.get(name)?.at(-1)?.kv ?? null;
  }

  #find(key: Buffer, rangeEnd: Buffer | undefined, atRevision: number): KeyValue[] {
    const from = key.toString('latin1');
    const names =
      rangeEnd === undefined ? [from] : this.#names.slice(this.#placeOf(from), this.#placeOf(endOf(rangeEnd)));
    return names.flatMap((name) => {
      const kv = this.#keys.get(name)?.findLast(({ revision }) => revision <= atRevision)?.kv;
      return kv === undefined || kv === null ? [] : [kv];
    });
  }

  #refuse(code: number, message: string): never {
    throw new RpcError(code, message, this.#endpoint);
  }
}

function sizeOf(name: string, { kv }: Version): number {
  return REVISION_BYTES + name.length + (kv?.value.length ?? 0);
}

function isWithin(name: string, key: Buffer, rangeEnd: Buffer | undefined): boolean {
  const from = key.toString('latin1');
  return rangeEnd === undefined ? name === from : name >= from && name < endOf(rangeEnd);
}

/** An end of one zero byte is the end of all keys. */
function endOf(rangeEnd: Buffer): string {
  return rangeEnd.length === 1 && rangeEnd[0] === 0 ? BEHIND_ALL : rangeEnd.toString('latin1');
}

function refuseDuplicates(ops: readonly RequestOp[], refuse: () => never): void {
  const keys = ops.flatMap((op) => ('put' in op ? [op.put.key.toString('latin1')] : []));
  if (new Set(keys).size < keys.length) refuse();
}
