/**
 * The metadata log as controllers see it: batches of Kafka's metadata records at dense offsets, which one controller at a time may
 * append to. Who may is settled by the engine that keeps the log, at each append; no lease and no clock is ever an argument.
 */

/** One change of the cluster: a Kafka record batch. All of it is there, or nothing. */
export interface LogBatch {
  /** Of its first record. */
  readonly offset: number;
  /** How many records it has: the next batch begins so much later. */
  readonly count: number;
  readonly bytes: Buffer;
}

/** Where the log ends, and under which epoch it was written last. */
export interface Head {
  readonly nextOffset: number;
  /** Kafka's leader epoch: grows with every controller that has appended. */
  readonly epoch: number;
}

/** A snapshot is the state that all records before `endOffset` make, of which the last stands under `epoch` (KIP-630). */
export interface SnapshotId {
  readonly endOffset: number;
  readonly epoch: number;
}

/** A snapshot that is there. */
export interface StoredSnapshot extends SnapshotId {
  /** How many it has. */
  readonly bytes: number;
  /** Where the log begins that is kept beside it: at the end of the snapshot before. */
  readonly logStart: SnapshotId;
}

/** Who holds, or held, the right to append. */
export interface ControllerClaim {
  readonly nodeId: number;
  /** Of the process, made at its start: another process under the same node id is another claimant. */
  readonly incarnation: string;
  /** Where brokers and other controllers reach it. */
  readonly host: string;
  readonly port: number;
}

/** The right to append, from an election on; whether it still stands only an append can tell. */
export interface Term {
  readonly claim: ControllerClaim;
  /** Of what it appends: one more than what it found. */
  readonly epoch: number;
  /** Where its next batch goes. */
  readonly nextOffset: number;
}
