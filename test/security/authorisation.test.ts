/** Requests of clients to a broker with an authorizer, over real sockets. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as apis from '../../protocol/apis/index.ts';
import type { Client } from '../../protocol/client.ts';
import type { AnyApi } from '../../protocol/schema.ts';
import { Operation, Pattern, Permission, Resource } from '../../src/security/acls/codes.ts';
import { ConfigError } from '../../src/config/definition.ts';
import { anyAcl } from '../apis/any-acl.ts';
import { consume, createTopic, produce } from '../running-broker.ts';
import { NAMES, REQUESTS, VARIANTS } from './requests.ts';
import { SecuredBroker } from './secured-broker.ts';

let broker: SecuredBroker;
let admin: Client;
let alice: Client;

beforeAll(async () => {
  broker = await SecuredBroker.start();
  admin = await broker.as('admin');
  alice = await broker.as('alice');
  for (const topic of ['orders', 'audit']) await createTopic(admin, topic);
  await produce(admin, 'orders', 0, ['one']);
  for (const keyType of [0, 1]) await admin.send(apis.FindCoordinator, 4, { keyType, coordinatorKeys: ['g'] });
});
beforeEach(() => broker.allowNothing());
afterAll(() => broker.stop());

describe('topics', () => {
  test('records of a refused topic are not appended, those of the others are', async () => {
    await broker.allow({ operation: Operation.WRITE });
    await expect(produce(alice, 'audit', 0, ['no'])).rejects.toThrow('audit-0 answered 29');
    expect(await produce(alice, 'orders', 0, ['two'])).toBe(1);
    expect(await consume(admin, 'audit', 0)).toEqual([]);
    expect(await consume(admin, 'orders', 0)).toEqual(['one', 'two']);
  });

  test('a fetch session loses a partition with the ACL, and has it again with the next', async () => {
    const ask = (sessionId: number, sessionEpoch: number) =>
      alice.send(apis.Fetch, 12, {
        replicaId: -1,
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 1000,
        isolationLevel: 0,
        sessionId,
        sessionEpoch,
        topics:
          sessionEpoch === 0
            ? [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }]
            : [],
        forgottenTopicsData: [],
        rackId: '',
      });
    await broker.allow({});
    const first = await ask(0, 0);
    expect(first.responses[0].partitions[0].errorCode).toBe(0);
    await broker.allowNothing();
    expect((await ask(first.sessionId, 1)).responses[0].partitions[0]).toMatchObject({
      errorCode: 29,
      highWatermark: -1,
    });
    await broker.allow({});
    expect((await ask(first.sessionId, 2)).responses[0].partitions[0].errorCode).toBe(0);
  });

  test('only what may be created is created', async () => {
    await broker.allow({ resourceName: 'new-', patternType: Pattern.PREFIXED, operation: Operation.CREATE });
    expect(await createTopic(alice, 'new-one')).toBe(0);
    expect(await createTopic(alice, 'other')).toBe(29);
    const named = { topics: [{ name: 'new-auto' }, { name: 'auto' }], allowAutoTopicCreation: true };
    await broker.allow({ resourceName: '*', operation: Operation.DESCRIBE });
    const { topics } = await alice.send(apis.Metadata, 12, named);
    expect(topics.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['new-auto', 0],
      ['auto', 29],
    ]);
  });
});

describe('topics that are not there', () => {
  test('are unknown to who may describe them and deletes them, and refused to others', async () => {
    const ask = async (...topicNames: string[]) => {
      const { responses } = await alice.send(apis.DeleteTopics, 5, { topicNames, timeoutMs: 1000 });
      return responses.map(({ name, errorCode }) => [name, errorCode]);
    };
    expect(await ask('none')).toEqual([['none', 29]]);
    await broker.allow({ resourceName: '*', operation: Operation.DESCRIBE });
    expect(await ask('none')).toEqual([['none', 3]]);
    expect(await ask('orders')).toEqual([['orders', 29]]);
  });

  test.each([
    ['a name', 12, 29],
    ['an id', 13, 100],
    ['an id', 18, 100],
  ])('are fetched by %s that says nothing', async (_by, version, errorCode) => {
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
    const asked = { maxWaitMs: 0, minBytes: 0, maxBytes: 1000, sessionEpoch: -1, topics: [{ topic: '', partitions }] };
    const { responses } = await alice.send(apis.Fetch, version, asked);
    expect(responses[0].partitions[0].errorCode).toBe(errorCode);
  });
});

test('a group is asked for before its topics', async () => {
  const commit = () =>
    alice.send(apis.OffsetCommit, 8, {
      groupId: 'g',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] }],
    });
  const codeOf = async () => (await commit()).topics[0].partitions[0].errorCode;
  expect(await codeOf()).toBe(30);
  await broker.allow({});
  expect(await codeOf()).toBe(30);
  await broker.allow({ resourceType: Resource.GROUP, resourceName: 'g' });
  expect(await codeOf()).toBe(0);
});

describe('ACLs over the wire', () => {
  const acl = {
    resourceType: Resource.TOPIC,
    resourceName: 'orders',
    resourcePatternType: Pattern.LITERAL,
    principal: 'User:alice',
    host: '*',
    operation: Operation.READ,
    permissionType: Permission.ALLOW,
  };

  test('an administrator creates, sees and deletes them, and they act at once', async () => {
    for (const version of [1, 2, 3]) {
      await expect(consume(alice, 'orders', 0)).rejects.toThrow('29');
      expect(await admin.send(apis.CreateAcls, version, { creations: [acl] })).toMatchObject({
        results: [{ errorCode: 0 }],
      });
      expect((await consume(alice, 'orders', 0))[0]).toBe('one');
      const { resources } = await admin.send(apis.DescribeAcls, version, anyAcl);
      expect(resources).toMatchObject([
        { resourceType: 2, resourceName: 'orders', patternType: 3, acls: [{ principal: 'User:alice', operation: 3 }] },
      ]);
      const { filterResults } = await admin.send(apis.DeleteAcls, version, { filters: [anyAcl] });
      expect(filterResults).toMatchObject([{ errorCode: 0, matchingAcls: [{ resourceName: 'orders', errorCode: 0 }] }]);
    }
    await expect(consume(alice, 'orders', 0)).rejects.toThrow('29');
  });

  test('others may neither see nor change them', async () => {
    expect(await alice.send(apis.DescribeAcls, 3, anyAcl)).toMatchObject({ errorCode: 31, resources: [] });
    expect(await alice.send(apis.CreateAcls, 3, { creations: [acl] })).toMatchObject({ results: [{ errorCode: 31 }] });
    const { filterResults } = await alice.send(apis.DeleteAcls, 3, { filters: [anyAcl] });
    expect(filterResults).toMatchObject([{ errorCode: 31, matchingAcls: [] }]);
  });
});

describe('at start', () => {
  test.each([
    [{ 'authorizer.class.name': 'com.example.Mine' }, /com.example.Mine is not in Ottla/],
    [{ 'super.users': 'alice' }, /write User:alice/],
  ])('%j is refused', async (settings, message) => {
    const start = SecuredBroker.start(settings);
    await expect(start).rejects.toThrow(ConfigError);
    await expect(start).rejects.toThrow(message);
  });

  test('allow.everyone.if.no.acl.found lets everybody use what no ACL is about', async () => {
    const open = await SecuredBroker.start({ 'allow.everyone.if.no.acl.found': 'true' });
    const bob = await open.as('bob');
    expect(await createTopic(bob, 'orders')).toBe(0);
    expect(await produce(bob, 'orders', 0, ['x'])).toBe(0);
    await open.allow({ principal: 'User:alice' });
    await expect(produce(bob, 'orders', 0, ['x'])).rejects.toThrow('answered 29');
    await open.stop();
  });
});

describe('a principal without ACLs', () => {
  let empty: SecuredBroker;
  let known: Client;
  let unknown: Client;

  beforeAll(async () => {
    empty = await SecuredBroker.start();
    [known, unknown] = [await broker.as('bob'), await empty.as('bob')];
    for (const topic of NAMES.topics.slice(0, 2)) await createTopic(admin, topic);
    for (const groupId of NAMES.groups) {
      await admin.send(apis.OffsetCommit, 8, {
        groupId,
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: [{ name: 'perm-one', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] }],
      });
    }
    for (const transactionalId of NAMES.transactionalIds) {
      await admin.send(apis.InitProducerId, 4, { transactionalId, transactionTimeoutMs: 1000 });
    }
  });
  afterAll(() => empty.stop());

  const cases = [
    ...Object.entries(REQUESTS).map(([name, make]) => [name, name, make] as const),
    ...Object.entries(VARIANTS).map(([name, [api, make]]) => [name, api, make] as const),
  ];
  // Ids are not guessed: who has one has been told it.
  const world = { nodeId: 1, idOf: () => 'AAAAAAAAAAAAAAAAAAAABQ', serial: 1 };

  test.each(cases)('learns nothing by %s', async (_name, apiName, make) => {
    const api = (apis as unknown as Readonly<Record<string, AnyApi>>)[apiName];
    let asked = 0;
    for (let version = api.versions.first; version <= api.versions.last; version++) {
      const ask = async (client: Client): Promise<unknown> => {
        try {
          return told(await client.send(api, version, make(world)));
        } catch (error) {
          return `cannot be said: ${String(error)}`;
        }
      };
      const [withIt, without] = [await ask(known), await ask(unknown)];
      expect(withIt).toEqual(without);
      if (typeof withIt !== 'string') asked++;
    }
    expect(asked).toBeGreaterThan(0);
  });
});

/** Everybody may know the brokers and the cluster; both differ. */
function told(answer: unknown): unknown {
  const own = new Set(['brokers', 'clusterId', 'controllerId', 'memberId']);
  return Object.fromEntries(Object.entries(answer as object).filter(([name]) => !own.has(name)));
}
