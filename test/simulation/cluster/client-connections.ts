/** A client's connections to the brokers of the simulated cluster: each is made when it is used, and anew once it is closed. */
import type { Client } from '../../../protocol/client.ts';
import type { Api, Draft, Fields, Values } from '../../../protocol/schema.ts';
import { connectPeer } from '../../../src/peers/peer-client.ts';
import { BROKER_PORT, type Host, type SimulatedCluster } from './simulated-cluster.ts';

export interface ClientTimes {
  readonly connectMs: number;
  /** How long an answer is waited for. */
  readonly requestMs: number;
}

export class ClientConnections {
  readonly #cluster: SimulatedCluster;
  readonly #times: ClientTimes;
  readonly #opened = new Map<Host, Promise<Client>>();

  constructor(cluster: SimulatedCluster, times: ClientTimes) {
    this.#cluster = cluster;
    this.#times = times;
  }

  /** @throws where the broker cannot be reached, or does not answer in time */
  async send<Req extends Fields, Res extends Fields>(
    host: Host,
    api: Api<Req, Res>,
    version: number,
    request: Draft<Req>,
  ): Promise<Values<Res>> {
    const client = await this.#connection(host);
    return new Promise((resolve, reject) => {
      const late = this.#cluster.clock.after(this.#times.requestMs, () => {
        void client.close();
        reject(new Error(`no answer to ${api.name}`));
      });
      client
        .send(api, version, request)
        .then(resolve, reject)
        .finally(() => late.cancel());
    });
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#cluster.clock.after(delayMs, resolve));
  }

  async #connection(host: Host): Promise<Client> {
    const known = await this.#opened.get(host)?.catch(() => null);
    if (known !== undefined && known !== null && !known.isClosed) return known;
    const timeoutMs = this.#times.connectMs;
    const opening = connectPeer(this.#cluster.network.of('client'), { host, port: BROKER_PORT, timeoutMs });
    this.#opened.set(host, opening);
    return opening;
  }
}
