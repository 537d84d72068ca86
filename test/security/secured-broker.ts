/** A broker in memory with an authorizer: clients log in by SASL PLAIN, and admin may do everything. */
import { SaslAuthenticate, SaslHandshake } from '../../protocol/apis/index.ts';
import type { Client } from '../../protocol/client.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { Logger } from '../../src/platform/logger.ts';
import { randomUuid, systemRandom } from '../../src/platform/random.ts';
import { createAcls, deleteAcls, type NewAcl } from '../../src/security/acls/alteration.ts';
import { STANDARD_AUTHORIZER } from '../../src/security/acls/open-authorizer.ts';
import { anyAcl } from '../apis/any-acl.ts';
import { dial } from '../running-broker.ts';
import { READ_ORDERS } from './read-orders.ts';

const USERS = ['admin', 'alice', 'bob'];

export class SecuredBroker {
  readonly #running: RunningBroker;
  readonly #clients: Client[] = [];

  private constructor(running: RunningBroker) {
    this.#running = running;
  }

  static async start(
    settings: Readonly<Record<string, string>> = {},
    more: { readonly logger?: Logger; readonly clock?: Clock } = {},
  ): Promise<SecuredBroker> {
    const users = USERS.map((name) => `user_${name}="secret"`).join(' ');
    const login = `org.apache.kafka.common.security.plain.PlainLoginModule required ${users};`;
    const running = await startBroker({
      memory: true,
      ...more,
      settings: {
        listeners: 'SASL_PLAINTEXT://127.0.0.1:0',
        'sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.sasl_plaintext.plain.sasl.jaas.config': login,
        'authorizer.class.name': STANDARD_AUTHORIZER,
        'super.users': 'User:admin',
        'node.id': '1',
        ...settings,
      },
    });
    return new SecuredBroker(running);
  }

  get bootstrap(): string {
    return this.#running.bootstrap;
  }

  get metricsPort(): number | null {
    return this.#running.metricsPort;
  }

  get parts(): RunningBroker['parts'] {
    return this.#running.parts;
  }

  /** A connection that has logged in. */
  async as(user: string, password = 'secret'): Promise<Client> {
    const client = await dial(this.#running.bootstrap);
    this.#clients.push(client);
    await client.send(SaslHandshake, 1, { mechanism: 'PLAIN' });
    const { errorCode } = await client.send(SaslAuthenticate, 2, { authBytes: Buffer.from(`\0${user}\0${password}`) });
    if (errorCode !== 0) throw new Error(`${user} cannot log in: ${errorCode}`);
    return client;
  }

  async allow(...acls: Partial<NewAcl>[]): Promise<void> {
    await this.parts.controller.alterAcls(({ accessControlEntries }) => {
      const all = acls.map((one) => ({ ...READ_ORDERS, ...one }));
      return createAcls(all, accessControlEntries, { metadataVersion: 33, newId: () => randomUuid(systemRandom) });
    });
  }

  /** Takes all ACLs away. */
  async allowNothing(): Promise<void> {
    await this.parts.controller.alterAcls(({ accessControlEntries }) => deleteAcls([anyAcl], accessControlEntries));
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) await client.close();
    await this.#running.stop();
  }
}
