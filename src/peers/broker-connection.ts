/**
 * A connection to another broker, opened when something is first asked there, and anew once it has ended. It is left as soon as the
 * cluster knows that broker as fenced or as another process: no answer comes then, and whoever waits for one has to look elsewhere.
 */
import type { Client } from '../../protocol/client.ts';
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import type { Clock } from '../platform/clock.ts';
import type { Network } from '../platform/network.ts';
import { isSame, type Address } from './controller-quorum.ts';
import { CONNECT_MS, connectPeer, newestVersion } from './peer-client.ts';
import { answerOf } from './within.ts';

/** A broker's process, and where it listens. */
export interface BrokerProcess extends Address {
  /** Of its registration: another one is another process. */
  readonly epoch: number;
}

export interface BrokerConnectionOptions {
  readonly clock: Clock;
  readonly network: Network;
  readonly clientId: string;
  /** Null while the cluster does not have it, or has it fenced. */
  readonly process: () => BrokerProcess | null;
  /** How long an answer is waited for: request.timeout.ms. */
  readonly timeoutMs: () => number;
}

interface Opened {
  readonly to: BrokerProcess;
  readonly client: Promise<Client>;
  /** By API key, what both know. */
  readonly versions: Map<number, Promise<number>>;
}

export class BrokerConnection {
  readonly #options: BrokerConnectionOptions;
  #opened: Opened | null = null;
  #isClosed = false;

  constructor(options: BrokerConnectionOptions) {
    this.#options = options;
  }

  /**
   * The response to a request in the newest version that both know, `oldest` where the other broker does not say. Its order among
   * others is that of the calls. Rejects where the broker cannot be reached, or does not answer in time.
   */
  async send<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    oldest: number,
    draft: Draft<Req>,
  ): Promise<Values<Res>> {
    const { clock, timeoutMs } = this.#options;
    const opened = this.#open();
    try {
      const client = await opened.client;
      const version = await this.#version(opened, client, api, oldest);
      return await answerOf(clock, client.send(api, version, draft), timeoutMs());
    } catch (error) {
      this.#drop(opened);
      throw error;
    }
  }

  /** The cluster has changed. */
  review(): void {
    if (this.#opened !== null && !isProcess(this.#opened.to, this.#options.process())) this.#drop(this.#opened);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#opened !== null) this.#drop(this.#opened);
  }

  #open(): Opened {
    if (this.#opened !== null) return this.#opened;
    const { network, clientId, process } = this.#options;
    const to = process();
    if (to === null || this.#isClosed) throw new Error('the broker is not there');
    const client = connectPeer(network, { host: to.host, port: to.port, clientId, timeoutMs: CONNECT_MS });
    const opened: Opened = { to, client, versions: new Map() };
    this.#opened = opened;
    const forget = (): void => {
      if (this.#opened === opened) this.#opened = null;
    };
    client.then((connected) => connected.closed.then(forget), forget);
    return opened;
  }

  #version(
    { versions }: Opened,
    client: Client,
    api: Parameters<typeof newestVersion>[1],
    oldest: number,
  ): Promise<number> {
    const { clock, timeoutMs } = this.#options;
    let version = versions.get(api.key);
    if (version === undefined) {
      version = newestVersion(client, api, oldest, (response) => answerOf(clock, response, timeoutMs()));
      versions.set(api.key, version);
    }
    return version;
  }

  /** What waits for an answer is refused. */
  #drop(opened: Opened): void {
    if (this.#opened === opened) this.#opened = null;
    opened.client.then((client) => client.close()).catch(() => {});
  }
}

function isProcess(one: BrokerProcess, other: BrokerProcess | null): boolean {
  return other !== null && one.epoch === other.epoch && isSame(one, other);
}
