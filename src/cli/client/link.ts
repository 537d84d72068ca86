/** One connection of the command line to one broker: what it speaks is known, and every request has a time limit. */
import { ApiVersions } from '../../../protocol/apis/18-api-versions.ts';
import { connect, type Client } from '../../../protocol/client.ts';
import type { Api, Draft, Fields, Values } from '../../../protocol/schema.ts';
import type { Clock } from '../../platform/clock.ts';
import { formatAddress, type Address } from './address.ts';
import { CommandError } from '../usage.ts';
import type { Security } from './security.ts';
import { chooseVersion, type BrokerVersions } from './versions.ts';

export interface LinkOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly security: Security;
  readonly clientId?: string;
}

export class Link {
  readonly address: Address;
  readonly versions: BrokerVersions;
  readonly #client: Client;
  readonly #options: LinkOptions;

  constructor(address: Address, client: Client, versions: BrokerVersions, options: LinkOptions) {
    this.address = address;
    this.#client = client;
    this.versions = versions;
    this.#options = options;
  }

  /** Connects, asks for versions, and signs in where there are credentials. Rejects with Node's or the broker's error. */
  static async open(address: Address, options: LinkOptions): Promise<Link> {
    const { clock, timeoutMs, security, clientId = 'ottla-cli' } = options;
    const client = await connect({
      ...address,
      clientId,
      connectTimeoutMs: timeoutMs,
      tls: security.tls ?? undefined,
    });
    try {
      // Version 0 is the one that every broker understands, however old or new.
      const answer = await within(clock, timeoutMs, client.send(ApiVersions, 0, {}));
      const versions = new Map(
        answer.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { first: minVersion, last: maxVersion }]),
      );
      if (security.credentials !== null) {
        const { authenticate } = await import('./sasl.ts'); // with it comes node:crypto, which is slow to load
        await within(clock, timeoutMs, authenticate(client, versions, security.credentials));
      }
      return new Link(address, client, versions, options);
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.#client.isClosed;
  }

  /** In the newest version both speak; `waitMs` is what the broker may take on top of the usual time. */
  send<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    draft: Draft<Req>,
    waitMs = 0,
  ): Promise<Values<Res>> {
    const { clock, timeoutMs } = this.#options;
    const answer = this.#client.send(api, chooseVersion(api, this.versions), draft);
    return within(clock, timeoutMs + waitMs, answer, `${formatAddress(this.address)} did not answer ${api.name}`);
  }

  /** For Produce with acks=0. */
  sendWithoutResponse<Req extends Fields, Res extends Fields>(api: Api<Req, Res>, draft: Draft<Req>): void {
    this.#client.sendWithoutResponse(api, chooseVersion(api, this.versions), draft);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** Rejects when the promise takes longer than `limitMs`. */
export async function within<T>(clock: Clock, limitMs: number, promise: Promise<T>, what = 'no answer'): Promise<T> {
  let stop = (): void => {};
  const late = new Promise<never>((_resolve, reject) => {
    const timer = clock.after(limitMs, () =>
      reject(Object.assign(new CommandError(`${what} within ${limitMs / 1000} s`), { isLate: true })),
    );
    stop = () => timer.cancel();
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop();
  }
}
