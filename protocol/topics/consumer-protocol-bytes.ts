/** The subscription in JoinGroup and the assignment in SyncGroup, out of the opaque bytes that they are on the wire. */
import { messageCodec } from '../compile.ts';
import { InvalidRequest, MAX_REQUEST_ELEMENTS, Reader } from '../reader.ts';
import type { Values } from '../schema.ts';
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription } from './consumer-protocol.ts';

export const NEWEST_CONSUMER_PROTOCOL = 3;

export type Subscription = Values<(typeof ConsumerProtocolSubscription)['fields']>;

/** Null where the bytes are something else. */
export function readSubscription(bytes: Uint8Array): Subscription | null {
  return orNull(() => {
    const reader = readerOf(bytes);
    return messageCodec(ConsumerProtocolSubscription, versionOf(reader.int16())).decode(reader);
  });
}

/** Null where the bytes are something else. */
export function readAssignment(bytes: Uint8Array): { topic: string; partitions: number[] }[] | null {
  return orNull(() => {
    const reader = readerOf(bytes);
    return messageCodec(ConsumerProtocolAssignment, versionOf(reader.int16())).decode(reader).assignedPartitions;
  });
}

/** Whether an assignor has put something of its own into an assignment, which it alone understands. */
export function hasUserData(bytes: Uint8Array): boolean {
  const userData = orNull(() => {
    const reader = readerOf(bytes);
    return messageCodec(ConsumerProtocolAssignment, versionOf(reader.int16())).decode(reader).userData;
  });
  return userData !== null && userData.length > 0;
}

/** The partitions of an assignment one by one; none where the bytes are something else. */
export function assignedPartitions(bytes: Uint8Array): { topic: string; partition: number }[] {
  return (readAssignment(bytes) ?? []).flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

function readerOf(bytes: Uint8Array): Reader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Reader(buffer, 0, buffer.length, MAX_REQUEST_ELEMENTS);
}

/** A newer version begins with the fields of the newest one that is known here. */
function versionOf(version: number): number {
  if (version < 0) throw new InvalidRequest(`Version ${version} of the consumer protocol's bytes`);
  return Math.min(version, NEWEST_CONSUMER_PROTOCOL);
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidRequest) return null;
    throw error;
  }
}
