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

/** Of a snapshot in one piece: etcd takes requests of 1.5 MiB. */
export const PIECE_BYTES = 1 << 20;

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
  /** Nothing is appended under it any more: the process has stepped down. */
  isOver: boolean;
}

/** Who may append, as it was known last. */
export interface Leadership {
  /** Null: nobody. */
  readonly claim: ControllerClaim | null;
  /** Of who has appended last. */
  readonly epoch: number;
  /** Whether that is the one of `claim`. */
  readonly hasBegun: boolean;
  /** Where the log ends. */
  readonly nextOffset: number;
}

/** The place before the first record. */
export const LOG_START: SnapshotId = { endOffset: 0, epoch: 0 };

/** A log with a hole, or with a batch that another place claims: it is not applied, but read again from the snapshot. */
export class MetadataGapError extends Error {
  constructor(expected: number, found: number) {
    super(`The metadata log goes on at offset ${found}, expected ${expected}.`);
    this.name = 'MetadataGapError';
  }
}

/** What is read of a log at one moment. */
export interface MetadataFound {
  /** The newest one. */
  readonly snapshot: StoredSnapshot | null;
  /** One behind the other, oldest first. */
  readonly batches: readonly LogBatch[];
}

/** What keeps the log: etcd (etcd-metadata-log.ts), or a file of a controller that is the only one (file-metadata-log.ts). */
export interface MetadataLog {
  /** The newest snapshot, and the log beside it. @throws {MetadataGapError} */
  load(): Promise<MetadataFound>;
  /** The newest snapshot, and the log from an offset on. @throws {MetadataGapError} where snapshots have replaced what lies there */
  read(from: number): Promise<MetadataFound>;
  /**
   * 'deposed': another controller has taken over, and nothing of this is there, nor will be. 'unknown': the term was over before the
   * outcome was known. Rejects where the engine says no: nothing has changed then.
   */
  append(term: Term, batches: readonly Omit<LogBatch, 'offset'>[]): Promise<'done' | 'deposed' | 'unknown'>;
  /** A piece of a snapshot; null: it is there no more. */
  piece(id: SnapshotId, piece: number): Promise<Buffer | null>;
  /** All of a snapshot. */
  snapshotBytes(snapshot: StoredSnapshot): Promise<Buffer>;
  /** Both answer false where the term is over. */
  putPiece(term: Term, id: SnapshotId, piece: number, value: Buffer): Promise<boolean>;
  publishSnapshot(term: Term, snapshot: StoredSnapshot): Promise<boolean>;
}

/** Decides when this process may append, and tells it (election.ts); a controller that is the only one always may. */
export interface ControllerElection {
  readonly state: 'standby' | 'active' | 'paused' | 'stopped';
  readonly seen: Leadership | null;
  /** To be called when an append was told 'deposed', or the log could not be read. */
  lost(term: Term): void;
  /** Gives the claim back, for another controller to take; where none does, this one is elected again. False: there is no other. */
  resign(term: Term): boolean;
  stop(): Promise<void>;
}

/** Told by an election. */
export interface Elected {
  /** This process may append from now on, under this term. */
  readonly elected: (term: Term) => void;
  /** It may not any more; what it has decided and not appended is void. */
  readonly deposed: (term: Term) => void;
  /** Another one may, and has come so far. */
  readonly saw: (seen: Leadership) => void;
}
