/**
 * Whether the process of a controller's claim is there. A connection to it is kept open once it has answered: while that stands
 * nothing is sent, and when it ends the next probe connects anew, which is refused where the process is dead.
 */
import { ApiVersions } from '../../protocol/apis/18-api-versions.ts';
import type { Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { ProbeResult } from '../controllers/election.ts';
import type { ControllerClaim } from '../controllers/metadata-log.ts';
import { connectPeer } from '../peers/peer-client.ts';
import { within } from '../peers/within.ts';
import type { Clock } from '../platform/clock.ts';
import type { Network } from '../platform/network.ts';

/** A connection attempt, and the answer to a request, may take so long. */
export const PROBE_MS = 700;
/** The first version of ApiVersions by which a node says whether it is the one that was meant (KIP-1242). */
const MEANT_SINCE = 5;

export class ControllerProbe {
  readonly #network: Network;
  readonly #clock: Clock;
  #kept: { readonly incarnation: string; readonly client: Client } | null = null;
  #isStopped = false;

  constructor(network: Network, clock: Clock) {
    this.#network = network;
    this.#clock = clock;
  }

  /** `clusterId`: of the cluster that the process must belong to. */
  async probe(claim: ControllerClaim, clusterId: string): Promise<ProbeResult> {
    if (this.#kept?.incarnation === claim.incarnation && !this.#kept.client.isClosed) return 'there';
    this.#drop();
    const { host, port } = claim;
    try {
      const client = await connectPeer(this.#network, { host, port, timeoutMs: PROBE_MS });
      const found = await this.#ask(client, claim, clusterId);
      if (found === 'there' && !this.#isStopped) this.#kept = { incarnation: claim.incarnation, client };
      else void client.close();
      return found;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'gone' : 'silent';
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#drop();
  }

  async #ask(client: Client, { nodeId }: ControllerClaim, clusterId: string): Promise<ProbeResult> {
    const names = { clientSoftwareName: 'ottla-controller', clientSoftwareVersion: '1' };
    const asked = client.send(ApiVersions, MEANT_SINCE, { ...names, clusterId, nodeId }).catch(() => null);
    const answered = await within(this.#clock, asked, PROBE_MS);
    if (answered === null) return 'silent';
    return answered.errorCode === ErrorCode.REBOOTSTRAP_REQUIRED ? 'gone' : 'there';
  }

  #drop(): void {
    void this.#kept?.client.close();
    this.#kept = null;
  }
}
