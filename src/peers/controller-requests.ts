/**
 * Requests to the active controller. One that finds no controller, the wrong one, or a connection that ends is sent again to the next
 * active controller, until its time is over: so it may happen twice, as in Kafka. A controller answers the requests of one connection
 * one after the other: those that wait for a commit each have several connections, so that they share commits.
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
  /** At most, for requests that are under way at the same time; 1 unless given. */
  readonly connections?: number;
}

interface Connection {
  readonly to: Address;
  readonly client: Promise<Client>;
  /** Requests that are not answered yet. */
  underWay: number;
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
  #connections: Connection[] = [];
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
    this.#dropOthers(null);
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
    const connection = this.#connect(active);
    connection.underWay++;
    try {
      const client = await within(clock, connection.client, left());
      if (client === null) return null;
      const waitMs = left();
      const response = await within(clock, client.send(api, version, draft), waitMs);
      // The other side may be gone without a word; then the connection would wait for ever, and with it all that is sent later.
      if (response === null && waitMs >= SILENT_MS) void client.close();
      return response;
    } catch {
      return null; // the connection is gone; or never came
    } finally {
      connection.underWay--;
    }
  }

  /** One that has nothing to do, or a new one, or the one that has least to do. */
  #connect(active: Address): Connection {
    const { connections = 1 } = this.#options;
    this.#dropOthers(active);
    const [least] = this.#connections.toSorted((a, b) => a.underWay - b.underWay);
    if (least !== undefined && (least.underWay === 0 || this.#connections.length >= connections)) return least;
    const { network, clientId } = this.#options;
    const client = connectPeer(network, { ...active, clientId, timeoutMs: CONNECT_MS });
    const connection = { to: active, client, underWay: 0 };
    this.#connections.push(connection);
    const forget = (): void => {
      this.#connections = this.#connections.filter((each) => each !== connection);
    };
    client.then((opened) => opened.closed.then(forget), forget);
    return connection;
  }

  /** Who waits for another controller than the active one waits in vain. */
  #reconsider(): void {
    const { active } = this.#options.quorum;
    if (active !== null) this.#dropOthers(active);
  }

  #dropOthers(active: Address | null): void {
    const dropped = this.#connections.filter(({ to }) => active === null || !isSame(to, active));
    if (dropped.length === 0) return;
    this.#connections = this.#connections.filter((each) => !dropped.includes(each));
    for (const { client } of dropped) client.then((opened) => opened.close()).catch(() => {});
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(delayMs, resolve));
  }
}
