/** A cluster as the command line sees it: finds leaders, coordinators and the controller, and asks the right broker. */
import { Metadata } from '../../../protocol/apis/03-metadata.ts';
import { FindCoordinator } from '../../../protocol/apis/10-find-coordinator.ts';
import { ConnectionClosed } from '../../../protocol/client.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Api, Draft, Fields, ResponseOf, Values } from '../../../protocol/schema.ts';
import type { Clock } from '../../platform/clock.ts';
import { formatAddress, parseAddresses, type Address } from './address.ts';
import { Refused, refuse, Unreachable } from './failure.ts';
import { Link } from './link.ts';
import type { Security } from './security.ts';

export interface ClusterOptions {
  /** Addresses with commas between them. */
  readonly brokers: string;
  readonly clock: Clock;
  /** For a connection, and for each answer. */
  readonly timeoutMs: number;
  readonly security: Security;
  /** ottla-cli unless given. */
  readonly clientId?: string;
  /** Between two tries of what fails for a moment only. */
  readonly retryDelayMs?: number;
}

export type ClusterMetadata = ResponseOf<typeof Metadata>;
export type TopicMetadata = ClusterMetadata['topics'][number];

const RETRY_DELAY_MS = 100;

export class Cluster {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly #bootstrap: readonly Address[];
  readonly #options: ClusterOptions;
  readonly #nodes = new Map<number, Address>();
  /** By node; ANY for the connection to whichever of the given addresses answered first. */
  readonly #links = new Map<number, Promise<Link>>();
  #controllerId = -1;
  #isClosed = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#bootstrap = parseAddresses(options.brokers);
    this.clock = options.clock;
    this.timeoutMs = options.timeoutMs;
  }

  /** Every topic for null; one that is not there comes back with an error code. */
  async metadata(topics: readonly string[] | null, allowAutoTopicCreation = false): Promise<ClusterMetadata> {
    const answer = await this.sendAny(Metadata, {
      topics: topics === null ? null : topics.map((name) => ({ name })),
      allowAutoTopicCreation,
    }).catch((error: unknown) => Promise.reject(error instanceof ConnectionClosed ? this.#closed() : error));
    for (const { nodeId, host, port } of answer.brokers) this.#nodes.set(nodeId, { host, port });
    this.#controllerId = answer.controllerId;
    return answer;
  }

  /** Asks any broker. */
  async sendAny<Req extends Fields, Res extends Fields>(api: Api<Req, Res>, draft: Draft<Req>): Promise<Values<Res>> {
    return (await this.link(ANY)).send(api, draft);
  }

  /** Asks the broker with this id. */
  async sendTo<Req extends Fields, Res extends Fields>(
    nodeId: number,
    api: Api<Req, Res>,
    draft: Draft<Req>,
    waitMs = 0,
  ): Promise<Values<Res>> {
    return (await this.link(nodeId)).send(api, draft, waitMs);
  }

  /** Asks the controller, again when another broker has become it. */
  sendToController<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    draft: Draft<Req>,
    check: (answer: Values<Res>) => void,
  ): Promise<Values<Res>> {
    return this.again(async () => {
      await this.metadata([]);
      const answer = await this.sendTo(this.#controllerId, api, draft);
      check(answer);
      return answer;
    });
  }

  /** The broker that looks after a group. */
  coordinator(groupId: string): Promise<number> {
    return this.again(async () => {
      const answer = await this.sendAny(FindCoordinator, { key: groupId, keyType: 0 });
      refuse(`group '${groupId}'`, answer.errorCode, answer.errorMessage);
      this.#nodes.set(answer.nodeId, { host: answer.host, port: answer.port });
      return answer.nodeId;
    });
  }

  /** Asks a group's coordinator; `check` throws Refused on error codes, which may lead to another try. */
  sendToCoordinator<Req extends Fields, Res extends Fields>(
    groupId: string,
    api: Api<Req, Res>,
    draft: Draft<Req>,
    check: (answer: Values<Res>) => void,
  ): Promise<Values<Res>> {
    return this.again(async () => {
      const answer = await this.sendTo(await this.coordinator(groupId), api, draft);
      check(answer);
      return answer;
    });
  }

  /** Repeats what fails for a moment only: elections, loading, a broker that has just gone. */
  async again<T>(attempt: () => Promise<T>): Promise<T> {
    const until = this.clock.monotonic() + this.timeoutMs;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const again = error instanceof ConnectionClosed || (error instanceof Refused && passes(error));
        if (!again || this.#isClosed || this.clock.monotonic() > until) throw error;
        await this.pause(this.#options.retryDelayMs ?? RETRY_DELAY_MS);
      }
    }
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(delayMs, resolve));
  }

  /** All brokers that metadata has named. */
  get nodes(): ReadonlyMap<number, Address> {
    return this.#nodes;
  }

  get controllerId(): number {
    return this.#controllerId;
  }

  /** The open connection to a node, made when it is needed. */
  async link(nodeId: number = ANY): Promise<Link> {
    if (this.#isClosed) throw new ConnectionClosed('this command has ended');
    const known = this.#links.get(nodeId);
    const open = await known?.catch(() => undefined);
    if (open !== undefined && !open.isClosed) return open;
    if (this.#links.get(nodeId) !== known) return this.link(nodeId); // another caller was faster
    const address = this.#nodes.get(nodeId);
    const opening = nodeId === ANY || address === undefined ? this.#openAny() : this.#openNode(nodeId, address);
    opening.catch(() => {}); // whoever awaits it learns of it
    this.#links.set(nodeId, opening);
    return opening;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const links = await Promise.allSettled(this.#links.values());
    for (const link of links) if (link.status === 'fulfilled') await link.value.close();
  }

  /** Brokers close on the first request of a client that should have signed in. */
  #closed(): ConnectionClosed {
    const address = formatAddress(this.#bootstrap[0]);
    return new ConnectionClosed(
      `the broker at ${address} closed the connection: it may need a user (--user NAME); ` +
        `\`ottla doctor ${address}\` finds out`,
    );
  }

  async #openAny(): Promise<Link> {
    let failure: unknown;
    for (const address of this.#bootstrap) {
      try {
        return await Link.open(address, this.#options);
      } catch (error) {
        if (error instanceof Refused) throw error;
        failure = error;
      }
    }
    const hint =
      failure instanceof ConnectionClosed ? ' It may want TLS (--tls) or a user (--sasl), or be no Kafka.' : '';
    throw new Unreachable(this.#bootstrap, failure, hint);
  }

  async #openNode(nodeId: number, address: Address): Promise<Link> {
    try {
      return await Link.open(address, this.#options);
    } catch (error) {
      if (error instanceof Refused) throw error;
      throw new Unreachable([address], error, ` The cluster names that address for its broker ${nodeId}.`);
    }
  }
}

/** Any broker will do. */
const ANY = -1;

/** UNKNOWN_TOPIC_OR_PARTITION counts as retriable in Kafka, but people mistype more often than brokers lag. */
function passes(error: Refused): boolean {
  return error.isRetriable && error.errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
}
