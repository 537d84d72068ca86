/**
 * Where a cluster's state lies in etcd, below a prefix:
 *
 *     <prefix>/<cluster id>/controller      who may append; under a lease
 *     <prefix>/<cluster id>/head            next offset and epoch of the metadata log
 *     <prefix>/<cluster id>/log/<20 digits> one batch
 */
import { prefixEnd, type EtcdId } from '../etcd/channel.ts';
import type { ControllerClaim, Head } from './metadata-log.ts';

const OFFSET_DIGITS = 20;

export class EtcdKeys {
  readonly controller: Buffer;
  readonly head: Buffer;
  readonly #log: string;

  constructor(prefix: string, clusterId: string) {
    const place = `${prefix}/${clusterId}`;
    this.controller = Buffer.from(`${place}/controller`);
    this.head = Buffer.from(`${place}/head`);
    this.#log = `${place}/log/`;
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

function parsed(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString()) as unknown;
  } catch {
    return null;
  }
}
