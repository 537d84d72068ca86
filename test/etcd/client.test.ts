import { describe, expect, test } from 'vitest';
import { Code, RpcError, type Calls, type Channel, type Method } from '../../src/etcd/channel.ts';
import { AmbiguousError, EtcdClient, RefusedError, UnreachableError } from '../../src/etcd/client.ts';

const TXN = { compare: [], success: [] };
const RANGE = { key: Buffer.from('a') };
const HEADER = { memberId: '1', revision: 1, raftTerm: 1 };

/** Members that answer each call by `answer`, and the calls that came to them. */
function clientOf(answer: (method: Method, token: string | null) => unknown, user = false) {
  const calls: string[] = [];
  const client = new EtcdClient({
    endpoints: ['one', 'two'],
    user: user ? { name: 'ottla', password: 'secret' } : null,
    open: (endpoint, token): Channel => ({
      endpoint,
      call: async <M extends Method>(method: M) => {
        calls.push(`${endpoint} ${method}`);
        const answered = answer(method, token());
        if (answered instanceof Error) throw answered;
        return answered as Calls[M][1];
      },
      keepAlive: () => expect.fail('no stream is opened'),
      watch: () => expect.fail('no stream is opened'),
      close() {},
    }),
  });
  return { client, calls };
}

function failure(code: number, message = 'no'): RpcError {
  return new RpcError(code, message, 'one');
}

describe('a client of etcd', () => {
  test('sends a write once, and does not know what became of one that is not answered', async () => {
    const { client, calls } = clientOf(() => failure(Code.deadlineExceeded));
    await expect(client.txn(TXN)).rejects.toThrow(AmbiguousError);
    expect(calls).toEqual(['one txn']);
  });

  test('asks another member next where one has not answered', async () => {
    const { client, calls } = clientOf(() => failure(Code.unavailable));
    await expect(client.txn(TXN)).rejects.toThrow(AmbiguousError);
    await expect(client.txn(TXN)).rejects.toThrow(AmbiguousError);
    expect(calls).toEqual(['one txn', 'two txn']);
  });

  test('is told where etcd refuses: nothing has happened', async () => {
    const { client, calls } = clientOf(() =>
      failure(Code.resourceExhausted, 'etcdserver: mvcc: database space exceeded'),
    );
    await expect(client.txn(TXN)).rejects.toThrow(RefusedError);
    expect(calls).toEqual(['one txn']);
  });

  test('reads from each member in turn until one answers', async () => {
    const { client, calls } = clientOf(() =>
      calls.length < 2 ? failure(Code.unavailable) : { header: HEADER, kvs: [] },
    );
    await client.range(RANGE);
    expect(calls).toEqual(['one range', 'two range']);
  });

  test('gives a read up after two rounds', async () => {
    const { client, calls } = clientOf(() => failure(Code.unavailable));
    await expect(client.range(RANGE)).rejects.toThrow(UnreachableError);
    expect(calls).toHaveLength(4);
  });

  test('gets a token first, and another one where it has run out', async () => {
    let tokens = 0;
    const { client, calls } = clientOf((method, token) => {
      if (method === 'authenticate') return { token: `token ${++tokens}` };
      return token === 'token 1'
        ? failure(Code.unauthenticated, 'etcdserver: invalid auth token')
        : { header: HEADER, kvs: [] };
    }, true);
    await client.range(RANGE);
    expect(calls).toEqual(['one authenticate', 'one range', 'one authenticate', 'one range']);
  });

  test('does not ask for tokens for ever where each is refused', async () => {
    const { client, calls } = clientOf(
      (method) =>
        method === 'authenticate' ? { token: 'a' } : failure(Code.unauthenticated, 'etcdserver: invalid auth token'),
      true,
    );
    await expect(client.txn(TXN)).rejects.toThrow(RefusedError);
    expect(calls).toEqual(['one authenticate', 'one txn', 'one authenticate', 'one txn']);
  });
});
