/** Clusters that break a rule, each in one way: what the stories and the observer must show. */
import * as batch from '../../../protocol/records/batch.ts';
import { BrokerHeartbeats } from '../../../src/cluster/broker-heartbeats.ts';
import { TermMetadataStore } from '../../../src/controllers/term-metadata-store.ts';
import { Followers } from '../../../src/controllers/followers.ts';
import { LogCopy } from '../../../src/controllers/log-copy.ts';
import { Code, type Calls, type Channel, type Method, type TxnRequest } from '../../../src/etcd/channel.ts';
import { LeaseKeeper } from '../../../src/etcd/lease-keeper.ts';
import { MetadataCopy } from '../../../src/peers/metadata-copy.ts';
import type { Network } from '../../../src/platform/network.ts';
import type { Random } from '../../../src/platform/random.ts';
import type { ClusterOptions } from './simulated-cluster.ts';

export interface Mutant {
  readonly name: string;
  /** The first seed whose story showed it when it was written; others may come first by now. */
  readonly seed: number;
  readonly options?: ClusterOptions;
  /** Breaks the code; answers how to mend it. */
  readonly break?: () => () => void;
}

/** Puts another method in place of one, for all objects of a class; answers how to put it back. */
function replace<T extends object, Name extends keyof T>(
  of: T,
  name: Name,
  make: (original: T[Name]) => T[Name],
): () => void {
  const original = of[name];
  of[name] = make(original);
  return () => void (of[name] = original);
}

function isCommit(request: TxnRequest): boolean {
  return request.compare.length === 2 && request.success.length > 1;
}

/** Changes the transactions of commits on their way to etcd. */
function commits(
  change: (call: Channel['call'], request: TxnRequest, deadlineMs: number) => Promise<unknown>,
): ClusterOptions {
  return {
    etcdChannel: (channel) => ({
      ...channel,
      call: <M extends Method>(method: M, request: Calls[M][0], deadlineMs: number): Promise<Calls[M][1]> =>
        method === 'txn' && isCommit(request as TxnRequest)
          ? (change((...asked) => channel.call(...asked), request as TxnRequest, deadlineMs) as Promise<Calls[M][1]>)
          : channel.call(method, request, deadlineMs),
    }),
  };
}

const withoutGuard = commits((call, request, deadlineMs) => call('txn', { ...request, compare: [] }, deadlineMs));

const retriedBlindly = commits(async (call, request, deadlineMs) => {
  for (let tried = request; ; tried = { ...request, compare: [] }) {
    try {
      return await call('txn', tried, deadlineMs);
    } catch (error) {
      if ((error as { code?: number }).code !== Code.deadlineExceeded) throw error;
    }
  }
});

/** Where nobody listens it looks as if nobody answered. */
function neverRefused(network: Network): Network {
  return {
    ...network,
    connect: (host, port, timeoutMs, opened) =>
      network.connect(host, port, timeoutMs, opened).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ECONNREFUSED' ? Object.assign(error, { code: 'ETIMEDOUT' }) : error;
      }),
  };
}

/** Nobody listening is no evidence then: only time ends claims and sessions. */
export const onlyTime: ClusterOptions = { processNetwork: neverRefused };

export const mutants: readonly Mutant[] = [
  { name: 'a controller commits without a guard', seed: 1, options: withoutGuard },
  { name: 'an unanswered commit is tried again without a guard', seed: 1, options: retriedBlindly },
  {
    name: 'a controller that steps down goes on keeping its lease alive',
    seed: 38,
    break: () => replace(LeaseKeeper.prototype, 'stop', () => () => {}),
    options: {
      etcdChannel: (channel) => ({
        ...channel,
        call: <M extends Method>(method: M, request: Calls[M][0], deadlineMs: number): Promise<Calls[M][1]> =>
          method === 'leaseRevoke'
            ? Promise.reject(new Error('it is not revoked'))
            : channel.call(method, request, deadlineMs),
      }),
    },
  },
  {
    name: 'a broker is unfenced before it has read its registration',
    seed: 2,
    break: () =>
      replace(
        BrokerHeartbeats.prototype,
        'heartbeat',
        (original) =>
          function (this: BrokerHeartbeats, heartbeat, image, nowMs) {
            return original.call(
              this,
              { ...heartbeat, wantFence: false, currentMetadataOffset: Infinity },
              image,
              nowMs,
            );
          },
      ),
  },
  {
    name: 'a fenced broker stays the leader of what it led',
    seed: 1,
    break: () =>
      replace(
        TermMetadataStore.prototype,
        'append',
        (original) =>
          function (this: TermMetadataStore, drafts, expectedRevision) {
            const fences = drafts.some((each) => each.type === 'BrokerRegistrationChangeRecord' && each.fenced === 1);
            const kept = drafts.map((each) => (fences && each.type === 'PartitionChangeRecord' ? NOTHING : each));
            return original.call(this, kept, expectedRevision);
          },
      ),
  },
  {
    name: 'a forwarded request is answered before the broker that forwarded it has read the change',
    seed: 3,
    break: () => replace(Followers.prototype, 'reached', () => () => Promise.resolve()),
  },
  {
    name: 'a broker applies what lies behind a gap of the metadata log',
    seed: 5,
    break: () =>
      replace(
        MetadataCopy.prototype,
        'append',
        (original) =>
          function (this: MetadataCopy, bytes) {
            return original.call(this, closed(bytes, this.endOffset));
          },
      ),
  },
];

const NOTHING = { type: 'NoOpRecord' } as const;

/** The same batches as if they went on from `offset`. */
function closed(bytes: Buffer, offset: number): Buffer {
  const moved = Buffer.from(bytes);
  let next = offset;
  for (
    let at = 0, end = batch.batchEnd(moved, 0, moved.length);
    end >= 0;
    end = batch.batchEnd(moved, at, moved.length)
  ) {
    batch.setBaseOffset(moved, at, next);
    next = batch.nextOffset(moved, at);
    at = end;
  }
  return moved;
}

/** Controllers that leave a batch out of what they serve, now and then; answers how to mend them. */
export function withGaps(random: Random, share: number): () => void {
  return replace(
    LogCopy.prototype,
    'read',
    (original) =>
      function (this: LogCopy, offset, maxBytes) {
        const found = original.call(this, offset, maxBytes);
        return random.float() < share ? found.slice(1) : found;
      },
  );
}
