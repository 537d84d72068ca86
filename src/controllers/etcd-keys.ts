/**
 * Where a cluster's state lies in etcd, below a prefix:
 *
 *     <prefix>/<cluster id>/controller      who may append; under a lease
 *     <prefix>/<cluster id>/head            next offset and epoch of the metadata log
 *     <prefix>/<cluster id>/log/<20 digits> one batch
 *     <prefix>/<cluster id>/snapshot        the newest snapshot
 *     <prefix>/<cluster id>/snapshot/<end offset>-<epoch>/<8 digits> a piece of it, 1 MiB each
 *     <prefix>/cluster                      the cluster's id, made once
 */
import { prefixEnd, type EtcdId } from '../etcd/channel.ts';
import type { ControllerClaim, Head, SnapshotId, StoredSnapshot } from './metadata-log.ts';

const OFFSET_DIGITS = 20;
const EPOCH_DIGITS = 10;
const PIECE_DIGITS = 8;

/** Of the key with the cluster's id. */
export function clusterKey(prefix: string): Buffer {
  return Buffer.from(`${prefix}/cluster`);
}

export class EtcdKeys {
  readonly controller: Buffer;
  readonly head: Buffer;
  readonly snapshot: Buffer;
  readonly #log: string;
  readonly #snapshots: string;

  constructor(prefix: string, clusterId: string) {
    const place = `${prefix}/${clusterId}`;
    this.controller = Buffer.from(`${place}/controller`);
    this.head = Buffer.from(`${place}/head`);
    this.snapshot = Buffer.from(`${place}/snapshot`);
    this.#log = `${place}/log/`;
    this.#snapshots = `${place}/snapshot/`;
  }

  /** The range of `controller` and `head`: both are read at once. */
  get leadership(): { readonly key: Buffer; readonly rangeEnd: Buffer } {
    return { key: this.controller, rangeEnd: Buffer.concat([this.head, Buffer.from([0])]) };
  }

  batch(offset: number): Buffer {
    return Buffer.from(this.#log + String(offset).padStart(OFFSET_DIGITS, '0'));
  }

  offsetOf(key: Buffer): number {
    return Number(key.subarray(-OFFSET_DIGITS).toString());
  }

  get logEnd(): Buffer {
    return prefixEnd(Buffer.from(this.#log));
  }

  /** A piece of a snapshot; the first is 0. */
  piece(id: SnapshotId, piece: number): Buffer {
    return Buffer.from(this.#piecesOf(id) + String(piece).padStart(PIECE_DIGITS, '0'));
  }

  /** The ranges with the pieces of all snapshots but one. */
  otherPieces(id: SnapshotId): { readonly key: Buffer; readonly rangeEnd: Buffer }[] {
    const own = Buffer.from(this.#piecesOf(id));
    const all = Buffer.from(this.#snapshots);
    return [
      { key: all, rangeEnd: own },
      { key: prefixEnd(own), rangeEnd: prefixEnd(all) },
    ];
  }

  #piecesOf({ endOffset, epoch }: SnapshotId): string {
    const [end, of] = [String(endOffset).padStart(OFFSET_DIGITS, '0'), String(epoch).padStart(EPOCH_DIGITS, '0')];
    return `${this.#snapshots}${end}-${of}/`;
  }
}

/** The value of `controller`; the lease is named in it, so that another process can end it. */
export interface StoredClaim extends ControllerClaim {
  readonly leaseId: EtcdId;
}

export function encodeClaim(claim: StoredClaim): Buffer {
  return Buffer.from(JSON.stringify(claim));
}

/** Null where it is not what a controller writes. */
export function decodeClaim(value: Buffer): StoredClaim | null {
  const claim = parsed(value) as Partial<StoredClaim> | null;
  if (typeof claim?.nodeId !== 'number' || typeof claim.port !== 'number') return null;
  const { incarnation, host, leaseId } = claim;
  if (typeof incarnation !== 'string' || typeof host !== 'string' || typeof leaseId !== 'string') return null;
  return { nodeId: claim.nodeId, port: claim.port, incarnation, host, leaseId };
}

export function encodeHead(head: Head): Buffer {
  return Buffer.from(JSON.stringify(head));
}

/** @throws when it is not what a controller writes: nobody may append behind it then */
export function decodeHead(value: Buffer): Head {
  const head = parsed(value) as Partial<Head> | null;
  if (!Number.isSafeInteger(head?.nextOffset) || !Number.isSafeInteger(head?.epoch)) {
    throw new Error(`The head of the metadata log in etcd is '${value.toString()}': no controller writes that.`);
  }
  return { nextOffset: head!.nextOffset!, epoch: head!.epoch! };
}

export function encodeSnapshotEntry(snapshot: StoredSnapshot): Buffer {
  return Buffer.from(JSON.stringify(snapshot));
}

/** @throws when it is not what a controller writes */
export function decodeSnapshotEntry(value: Buffer): StoredSnapshot {
  const entry = parsed(value) as Partial<StoredSnapshot> | null;
  const numbers = [entry?.endOffset, entry?.epoch, entry?.bytes, entry?.logStart?.endOffset, entry?.logStart?.epoch];
  if (!numbers.every((each) => Number.isSafeInteger(each))) {
    throw new Error(`The snapshot of the metadata log in etcd is '${value.toString()}': no controller writes that.`);
  }
  return entry as StoredSnapshot;
}

function parsed(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString()) as unknown;
  } catch {
    return null;
  }
}
