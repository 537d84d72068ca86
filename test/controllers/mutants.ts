/** Controllers that break a rule, each in one way: what the stories must show. */
import { decodeHead, encodeHead, type EtcdKeys } from '../../src/controllers/etcd-keys.ts';
import type { EtcdMetadataLog } from '../../src/controllers/etcd-metadata-log.ts';
import { AmbiguousError, type EtcdClient } from '../../src/etcd/client.ts';
import type { Compare, TxnRequest, TxnResponse } from '../../src/etcd/channel.ts';

/** What a controller is made of; a mutant changes it before the controller begins. */
export interface Mutated {
  readonly client: EtcdClient;
  readonly log: EtcdMetadataLog;
  readonly keys: EtcdKeys;
}

export interface Mutant {
  readonly name: string;
  readonly mutate: (parts: Mutated) => void;
}

function isCommit({ compare, success }: TxnRequest): boolean {
  return compare.length === 2 && success.length > 0;
}

/** Leaves out the comparison of one target in every commit. */
function withoutGuard(target: Compare['target']): Mutant['mutate'] {
  return ({ client }) => {
    const txn = client.txn.bind(client);
    client.txn = (request) =>
      txn(
        isCommit(request) ? { ...request, compare: request.compare.filter((each) => each.target !== target) } : request,
      );
  };
}

export const mutants: readonly Mutant[] = [
  { name: 'commits without asking whose the key is', mutate: withoutGuard('createRevision') },
  { name: 'commits without asking whether the head has moved', mutate: withoutGuard('modRevision') },
  {
    name: 'tries an unanswered commit again behind the newest head',
    mutate: ({ client, log, keys }) => {
      const append = log.append.bind(log);
      log.append = async (term, batches) => {
        for (;;) {
          try {
            const { kvs } = await client.range({ key: keys.head });
            term.headRevision = kvs.at(0)?.modRevision ?? 0;
            term.nextOffset = kvs.length === 0 ? 0 : decodeHead(kvs[0].value).nextOffset;
            const nextOffset = term.nextOffset + batches[0].count;
            const { succeeded } = await client.txn({
              compare: [
                { key: keys.controller, target: 'createRevision', is: '=', value: term.createRevision },
                { key: keys.head, target: 'modRevision', is: '=', value: term.headRevision },
              ],
              success: [
                { put: { key: keys.batch(term.nextOffset), value: batches[0].bytes } },
                { put: { key: keys.head, value: encodeHead({ nextOffset, epoch: term.epoch }) } },
              ],
            });
            if (succeeded) return 'done';
            return await append(term, batches);
          } catch (error) {
            if (!(error instanceof AmbiguousError)) return append(term, batches);
          }
        }
      };
    },
  },
  {
    name: 'takes an unanswered commit for one that has happened',
    mutate: ({ client }) => {
      const txn = client.txn.bind(client);
      client.txn = async (request): Promise<TxnResponse> => {
        try {
          return await txn(request);
        } catch (error) {
          if (!(isCommit(request) && error instanceof AmbiguousError)) throw error;
          return { header: { memberId: '0', revision: 0, raftTerm: 0 }, succeeded: true, responses: [] };
        }
      };
    },
  },
  {
    name: 'takes an unanswered commit for one that has failed',
    mutate: ({ log, client }) => {
      const append = log.append.bind(log);
      const txn = client.txn.bind(client);
      let isUnanswered = false;
      client.txn = async (request) => {
        try {
          return await txn(request);
        } catch (error) {
          isUnanswered ||= isCommit(request) && error instanceof AmbiguousError;
          throw error;
        }
      };
      log.append = async (term, batches) => {
        isUnanswered = false;
        const outcome = await append(term, batches);
        return isUnanswered ? 'deposed' : outcome;
      };
    },
  },
];
