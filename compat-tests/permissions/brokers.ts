/** Ottla from this checkout and an Apache Kafka, both with an authorizer; clients of both are User:ANONYMOUS. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateAcls,
  CreateTopics,
  DeleteAcls,
  DescribeAcls,
  DescribeCluster,
  FindCoordinator,
  InitProducerId,
  Metadata,
  OffsetCommit,
  SaslAuthenticate,
  SaslHandshake,
} from '../../protocol/apis/index.ts';
import { connect, ConnectionClosed, type Client } from '../../protocol/client.ts';
import { startKafka } from '../../scripts/kafka/index.ts';
import { startBroker } from '../../src/broker/broker.ts';
import type { AccessControlEntry } from '../../src/cluster/image.ts';
import { randomUuid, systemRandom } from '../../src/platform/random.ts';
import { createAcls, deleteAcls } from '../../src/security/acls/alteration.ts';
import { STANDARD_AUTHORIZER } from '../../src/security/acls/open-authorizer.ts';
import { javaVersion } from '../brokers/kafka.ts';
import { freePort } from '../brokers/ports.ts';
import { anyAcl } from '../../test/apis/any-acl.ts';
import { NAMES } from '../../test/security/requests.ts';

export type Acl = Omit<AccessControlEntry, 'id'>;

export const PRINCIPAL = 'User:ANONYMOUS';
const SHARED = {
  'authorizer.class.name': STANDARD_AUTHORIZER,
  'super.users': 'User:admin',
  'auto.create.topics.enable': 'false',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.num.partitions': '1',
  'share.coordinator.state.topic.num.partitions': '1',
  'group.initial.rebalance.delay.ms': '0',
};
const JAVA_MIN = 17;

export const hasKafka = (javaVersion() ?? 0) >= JAVA_MIN;

export abstract class Broker {
  client!: Client;
  nodeId = -1;
  readonly ids = new Map<string, string>();
  #bootstrap = '';

  abstract readonly name: 'ottla' | 'kafka';
  /** Puts these in the place of all ACLs. */
  abstract setAcls(acls: readonly Acl[]): Promise<void>;
  abstract stop(): Promise<void>;

  protected async opened(bootstrap: string): Promise<void> {
    this.#bootstrap = bootstrap;
    await this.reconnect();
    const { brokers } = await this.client.send(DescribeCluster, 0, { includeClusterAuthorizedOperations: false });
    this.nodeId = brokers[0].brokerId;
  }

  async reconnect(): Promise<void> {
    const [host, port] = this.#bootstrap.split(':');
    this.client = await connect({ host, port: Number(port), clientId: 'client' });
  }

  idOf(topic: string): string {
    return this.ids.get(topic) ?? 'AAAAAAAAAAAAAAAAAAAABQ';
  }

  /** What requests speak of, made by a client that may do everything. */
  async prepare(): Promise<void> {
    await this.setAcls(everything());
    const topics = NAMES.topics
      .slice(0, 2)
      .map((name) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }));
    await this.client.send(CreateTopics, 7, { topics, timeoutMs: 10_000 });
    await until(async () => {
      const found = await this.client.send(Metadata, 12, { topics: topics.map(({ name }) => ({ name })) });
      for (const { name, topicId } of found.topics) this.ids.set(name ?? '', topicId);
      return found.topics.every(({ errorCode, partitions }) => errorCode === 0 && partitions[0].leaderId >= 0);
    });
    for (const [keyType, keys] of [[0, NAMES.groups] as const, [1, NAMES.transactionalIds] as const]) {
      await until(async () => {
        const found = await this.client.send(FindCoordinator, 4, { keyType, coordinatorKeys: [...keys] });
        return found.coordinators.every(({ errorCode }) => errorCode === 0);
      });
    }
    await until(async () => {
      const asked = { transactionalId: null, transactionTimeoutMs: 1000 };
      return (await this.client.send(InitProducerId, 4, asked)).errorCode === 0;
    });
    await until(async () => {
      const committed = await this.client.send(OffsetCommit, 8, {
        groupId: NAMES.groups[0],
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: topics.map(({ name }) => ({
          name,
          partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }],
        })),
      });
      return committed.topics.every(({ partitions }) => partitions[0].errorCode === 0);
    });
  }
}

export class OttlaBroker extends Broker {
  readonly name = 'ottla';
  #running!: Awaited<ReturnType<typeof startBroker>>;

  async start(more: Readonly<Record<string, string>> = {}): Promise<this> {
    const settings = { ...SHARED, ...more, 'node.id': '1', listeners: 'PLAINTEXT://127.0.0.1:0' };
    this.#running = await startBroker({ memory: true, settings });
    await this.opened(this.#running.bootstrap);
    return this;
  }

  override async setAcls(acls: readonly Acl[]): Promise<void> {
    const { controller } = this.#running.parts;
    await controller.alterAcls(({ accessControlEntries }) => deleteAcls([anyAcl], accessControlEntries));
    const options = { metadataVersion: 33, newId: () => randomUuid(systemRandom) };
    const results = await controller.alterAcls(({ accessControlEntries: all }) => createAcls(acls, all, options));
    if (results.some(({ errorCode }) => errorCode !== 0)) throw new Error(JSON.stringify(results));
  }

  override stop(): Promise<void> {
    return this.#running.stop();
  }
}

export class KafkaBroker extends Broker {
  readonly name = 'kafka';
  readonly #directory = mkdtempSync(join(tmpdir(), 'permissions-'));
  #running!: Awaited<ReturnType<typeof startKafka>>;
  #admin!: Client;

  async start(more: Readonly<Record<string, string>> = {}): Promise<this> {
    const [port, adminPort, controllerPort] = [await freePort(), await freePort(), await freePort()];
    const listeners = [
      `PLAINTEXT://127.0.0.1:${port}`,
      `ADMIN://127.0.0.1:${adminPort}`,
      `CONTROLLER://127.0.0.1:${controllerPort}`,
    ].join();
    const jaas =
      'org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="admin" user_admin="admin";';
    this.#running = await startKafka({
      dir: this.#directory,
      port,
      controllerPort,
      config: {
        ...SHARED,
        ...more,
        listeners,
        'advertised.listeners': listeners,
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,ADMIN:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT',
        'inter.broker.listener.name': 'ADMIN',
        'sasl.enabled.mechanisms': 'PLAIN',
        'sasl.mechanism.inter.broker.protocol': 'PLAIN',
        'sasl.mechanism.controller.protocol': 'PLAIN',
        'listener.name.admin.plain.sasl.jaas.config': jaas,
        'listener.name.controller.plain.sasl.jaas.config': jaas,
      },
    });
    this.#admin = await connect({ host: '127.0.0.1', port: adminPort });
    await this.#admin.send(SaslHandshake, 1, { mechanism: 'PLAIN' });
    const login = await this.#admin.send(SaslAuthenticate, 1, { authBytes: Buffer.from('\0admin\0admin') });
    if (login.errorCode !== 0) throw new Error(String(login.errorMessage));
    await this.opened(this.#running.bootstrap);
    return this;
  }

  override async setAcls(acls: readonly Acl[]): Promise<void> {
    await this.#admin.send(DeleteAcls, 3, { filters: [anyAcl] });
    const creations = acls.map(({ patternType: resourcePatternType, ...rest }) => ({ ...rest, resourcePatternType }));
    const { results } = await this.#admin.send(CreateAcls, 3, { creations });
    if (results.some(({ errorCode }) => errorCode !== 0)) throw new Error(JSON.stringify(results));
    const wanted = new Set(acls.map((acl) => JSON.stringify(acl))).size;
    await until(async () => {
      const { resources } = await this.#admin.send(DescribeAcls, 3, anyAcl);
      return resources.reduce((sum, { acls: of }) => sum + of.length, 0) === wanted;
    });
  }

  override async stop(): Promise<void> {
    await this.#admin?.close();
    await this.#running?.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

export function everything(): Acl[] {
  return [2, 3, 4, 5, 6, 7].map((resourceType) => ({
    resourceType,
    resourceName: resourceType === 4 ? 'kafka-cluster' : '*',
    patternType: 3,
    principal: PRINCIPAL,
    host: '*',
    operation: 2,
    permissionType: 3,
  }));
}

export async function until(isSo: () => Promise<boolean>, ms = 60_000): Promise<void> {
  for (const endMs = Date.now() + ms; !(await isSo().catch(failed));) {
    if (Date.now() > endMs) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function failed(error: unknown): false {
  if (error instanceof ConnectionClosed) throw error;
  return false;
}
