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
    const late = this.pause(this.#times.requestMs).then(() => null);
    const answer = await Promise.race([client.send(api, version, request), late]);
    if (answer !== null) return answer;
    void client.close();
    throw new Error(`no answer to ${api.name}`);
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
