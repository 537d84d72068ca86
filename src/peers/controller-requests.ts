/**
 * Requests to the active controller, over one connection. One that finds no controller, the wrong one, or a connection that ends is
 * sent again to the next active controller, until its time is over: so it may happen twice, as in Kafka.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Client } from '../../protocol/client.ts';
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import type { Clock } from '../platform/clock.ts';
import type { Network } from '../platform/network.ts';
import { isSame, type Address, type ControllerQuorum } from './controller-quorum.ts';
import { CONNECT_MS, connectPeer } from './peer-client.ts';
import { within } from './within.ts';

export interface ControllerRequestsOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly quorum: ControllerQuorum;
  /** As the controller's log shall show it. */
  readonly clientId: string;
}

/** No active controller has answered in time. */
export class NoControllerError extends Error {
  override readonly name = 'NoControllerError';
}

const AGAIN_MS = 50;
/** A connection that has not answered for so long is left. */
const SILENT_MS = 1000;

export class ControllerRequests {
  readonly #options: ControllerRequestsOptions;
  readonly #unlisten: () => void;
  #connection: { readonly to: Address; readonly client: Promise<Client> } | null = null;
  /** Of requests that wait for an active controller. */
  readonly #cancels = new Set<() => void>();
  #isClosed = false;

  constructor(options: ControllerRequestsOptions) {
    this.#options = options;
    this.#unlisten = options.quorum.onChange(() => this.#reconsider());
  }

  /**
   * The active controller's response. Errors in it are the caller's to read, but for NOT_CONTROLLER as the error of the whole.
   * @throws {NoControllerError}
   */
  async send<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    draft: Draft<Req>,
    timeoutMs: number,
  ): Promise<Values<Res>> {
    const { clock, quorum } = this.#options;
    const deadlineMs = clock.monotonic() + timeoutMs;
    for (;;) {
      const leftMs = deadlineMs - clock.monotonic();
      if (this.#isClosed || leftMs <= 0)
        throw new NoControllerError(`${api.name}: no active controller has answered in ${timeoutMs} ms`);
      const active = await quorum.known(leftMs, this.#cancels);
      if (active === null) continue;
      const response = await this.#try(active, api, version, draft, deadlineMs);
      if (response !== null && (response as { errorCode?: number }).errorCode !== ErrorCode.NOT_CONTROLLER)
        return response;
      await this.#pause(Math.min(AGAIN_MS, Math.max(0, deadlineMs - clock.monotonic())));
    }
  }

  /** What is under way is refused. */
  close(): void {
    this.#isClosed = true;
    this.#unlisten();
    this.#drop();
    for (const cancel of this.#cancels) cancel();
  }

  /** Null where the connection, or the time, has ended. */
  async #try<Req extends Fields, Res extends Fields>(
    active: Address,
    api: Api<Req, Res>,
    version: number,
    draft: Draft<Req>,
    deadlineMs: number,
  ): Promise<Values<Res> | null> {
    const { clock } = this.#options;
    const left = (): number => Math.max(0, deadlineMs - clock.monotonic());
    try {
      const client = await within(clock, this.#connect(active), left());
      if (client === null) return null;
      const waitMs = left();
      const response = await within(clock, client.send(api, version, draft), waitMs);
      // The other side may be gone without a word; then the connection would wait for ever, and with it all that is sent later.
      if (response === null && waitMs >= SILENT_MS) void client.close();
      return response;
    } catch {
      return null; // the connection is gone; or never came
    }
  }

  #connect(active: Address): Promise<Client> {
    const current = this.#connection;
    if (current !== null && isSame(current.to, active)) return current.client;
    this.#drop();
    const { network, clientId } = this.#options;
    const client = connectPeer(network, { ...active, clientId, timeoutMs: CONNECT_MS });
    const connection = { to: active, client };
    this.#connection = connection;
    const forget = (): void => {
      if (this.#connection === connection) this.#connection = null;
    };
    client.then((opened) => opened.closed.then(forget), forget);
    return client;
  }

  /** Who waits for another controller than the active one waits in vain. */
  #reconsider(): void {
    const { active } = this.#options.quorum;
    if (active !== null && this.#connection !== null && !isSame(this.#connection.to, active)) this.#drop();
  }

  #drop(): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.client.then((client) => client.close()).catch(() => {});
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(delayMs, resolve));
  }
}
