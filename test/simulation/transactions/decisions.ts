/**
 * Sees what no client sees unless a coordinator dies at the right moment: a marker in the log of any partition, of a decision that is not
 * committed. It reads what is written to the disks of all machines.
 */
import * as batch from '../../../protocol/records/batch.ts';
import { readEndTxnMarker } from '../../../protocol/records/control.ts';
import { decodeBatch } from '../../../protocol/records/decode.ts';
import { decodeTransaction } from '../../../src/transactions/transaction-records.ts';
import type { SimulatedCluster } from '../cluster/simulated-cluster.ts';

/** As the story has `transaction.state.log.min.isr`. */
const COMMITTED_AT = 2;
const STATE_LOG = '/__transaction_state-';
const DECISIONS: Readonly<Record<string, string>> = { PrepareCommit: 'COMMIT', PrepareAbort: 'ABORT' };

export class Decisions {
  markers = 0;
  readonly #say: (what: string) => void;
  /** By machine and file: up to where it is read. */
  readonly #read = new Map<string, number>();
  /** By producer, epoch and what is decided: machines whose disk has the decision. */
  readonly #holders = new Map<string, Set<string>>();

  private constructor(say: (what: string) => void) {
    this.#say = say;
  }

  /** Tells the cluster's observer what must never be. */
  static of(cluster: SimulatedCluster): Decisions {
    const decisions = new Decisions((what) => cluster.observer.say(what));
    cluster.onWrite = (...change) => decisions.#written(...change);
    return decisions;
  }

  /** A machine has written to a file, which holds `content` now. */
  #written(host: string, path: string, content: Buffer, position: number): void {
    if (!path.endsWith('.log')) return;
    const place = `${host}:${path}`;
    let at = Math.min(this.#read.get(place) ?? 0, position); // what was cut is written anew
    for (let end; (end = batch.batchEnd(content, at, content.length)) >= 0; at = end) {
      if (path.includes(STATE_LOG)) this.#decided(host, content, at);
      else if (batch.isControl(batch.attributes(content, at))) this.#marked(host, path, content, at);
    }
    this.#read.set(place, at);
  }

  #decided(host: string, content: Buffer, at: number): void {
    for (const { key, value } of decodeBatch(content, at).records) {
      const transaction = key === null ? null : decodeTransaction(key, value)?.transaction;
      const decision = DECISIONS[transaction?.state ?? ''];
      if (decision === undefined) continue;
      const name = nameOf(transaction!, decision);
      const holders = this.#holders.get(name) ?? new Set();
      this.#holders.set(name, holders.add(host));
    }
  }

  #marked(host: string, path: string, content: Buffer, at: number): void {
    const { records, ...producer } = decodeBatch(content, at);
    const marker = readEndTxnMarker(records[0]);
    if (marker === null) return;
    this.markers++;
    const name = nameOf(producer, marker.type);
    const holders = this.#holders.get(name)?.size ?? 0;
    if (holders < COMMITTED_AT)
      this.#say(`${host} has ${name} in ${path}, which is decided at ${holders} of the machines`);
  }
}

interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

function nameOf({ producerId, producerEpoch }: Producer, decision: string): string {
  return `${decision} of producer ${producerId} in epoch ${producerEpoch}`;
}
