/**
 * Connections to brokers and controllers that ask who connects: each is signed in before whoever opens it sees it.
 *
 *     connect ──▶ SaslHandshake, SaslAuthenticate … ──▶ handed over        refused, or too late ──▶ closed, and connect rejects
 *
 * Where the session ends one day, the connection is signed in anew before that (KIP-368), between two requests.
 */
import { Client, type Transport, type TransportListener } from '../../protocol/client.ts';
import { signIn, type SaslClient } from '../../protocol/sasl/client.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import { copyInto, type Network, type Receiver, type Socket } from '../platform/network.ts';
import { sessionKeepers } from './session.ts';
import { within } from './within.ts';

export interface SigningIn {
  readonly clock: Clock;
  /** Anew for each connection. @throws {ConfigError} where the settings do not say who this is; rejects where no token is to be had */
  readonly login: () => SaslClient | Promise<SaslClient>;
}

/** Of SaslAuthenticate: what every broker and controller that may be beside this one has. */
const AUTHENTICATE_VERSION = 2;
/** An exchange is a few short messages. */
const READ_BYTES = 1 << 12;
/** As Java's clients, which sign in anew after 85 to 95 % of what the session lasts. */
const RENEWED_AFTER = 0.85;

/** What listens is the same as without. */
export function signedInNetwork(network: Network, signingIn: SigningIn): Network {
  const { clock, login } = signingIn;
  return {
    listen: (host, port, accept) => network.listen(host, port, accept),
    async connect(host, port, timeoutMs, opened) {
      const beganMs = clock.monotonic();
      const relays: Relay[] = [];
      await network.connect(host, port, timeoutMs, (socket) => {
        const relay = new Relay(socket);
        relays.push(relay);
        return relay;
      });
      const [relay] = relays;
      let lifetimeMs: number | null;
      try {
        const client = new Client(relay, {});
        const leftMs = Math.max(1, timeoutMs - (clock.monotonic() - beganMs));
        const signedIn = Promise.resolve(login()).then((sasl) => signIn(client, sasl, AUTHENTICATE_VERSION));
        lifetimeMs = await within(clock, signedIn, leftMs);
        if (lifetimeMs === null) throw Object.assign(new Error('no answer while signing in'), { code: 'ETIMEDOUT' });
      } catch (error) {
        relay.destroy();
        throw error;
      }
      const endsAfterMs = lifetimeMs;
      if (endsAfterMs > 0) sessionKeepers.set(relay.socket, (client) => keepSignedIn(client, signingIn, endsAfterMs));
      relay.handOver(opened);
    },
  };
}

/** A connection that cannot be signed in anew is closed: whoever needs another one is told why it cannot be. */
function keepSignedIn(client: Client, { clock, login }: SigningIn, lifetimeMs: number): void {
  const renew = async (): Promise<void> => {
    try {
      const sasl = await login();
      const renewed = signIn(client, sasl, AUTHENTICATE_VERSION);
      client.holdFor(renewed);
      const nextMs = await renewed;
      if (nextMs > 0 && !client.isClosed) timer = renewAfter(nextMs);
    } catch {
      await client.close();
    }
  };
  const renewAfter = (ms: number): Timer => clock.after(ms * RENEWED_AFTER, () => void renew());
  let timer = renewAfter(lifetimeMs);
  void client.closed.then(() => timer.cancel());
}

/** Between a socket and who signs in, then between it and who has opened it. */
class Relay implements Transport, Receiver {
  readonly socket: Socket;
  readonly #own = Buffer.allocUnsafe(READ_BYTES);
  #listener: TransportListener | null = null;
  #receiver: Receiver | null = null;
  /** The network reads into a buffer of the receiver. */
  #isLent = false;
  #isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  listen(listener: TransportListener): void {
    this.#listener = listener;
    if (this.#isClosed) listener.closed();
  }

  write(bytes: Uint8Array): void {
    this.socket.send(bytes);
  }

  destroy(): void {
    this.socket.destroy();
  }

  handOver(opened: (socket: Socket) => Receiver): void {
    const receiver = opened(this.socket);
    this.#receiver = receiver;
    if (this.#isClosed) queueMicrotask(() => receiver.closed());
  }

  buffer(): Uint8Array {
    this.#isLent = this.#receiver !== null;
    return this.#receiver?.buffer() ?? this.#own;
  }

  received(count: number): void {
    const receiver = this.#receiver;
    if (receiver === null) return this.#listener?.received(Buffer.from(this.#own.subarray(0, count)));
    if (this.#isLent) return receiver.received(count);
    copyInto(receiver, Buffer.from(this.#own.subarray(0, count)), () => this.#isClosed);
  }

  drained(): void {
    this.#receiver?.drained();
  }

  closed(): void {
    this.#isClosed = true;
    if (this.#receiver === null) this.#listener?.closed();
    else this.#receiver.closed();
  }
}
