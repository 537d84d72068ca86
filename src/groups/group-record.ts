/** What the records of __consumer_offsets have in common, and what a kind of group knows of its own ones. */
import type { Reader } from '../../protocol/reader.ts';
import type { Writer } from '../../protocol/writer.ts';
import type { Group } from './group.ts';

export interface GroupRecord {
  readonly type: string;
  readonly groupId: string;
}

export interface GroupRecordFormat<R extends GroupRecord = GroupRecord> {
  /** The values of `type` of its records. */
  readonly types: readonly R['type'][];
  /** Writes the key with the number of its kind, and the value with its version; false: a tombstone, without a value. */
  write(record: R, key: Writer, value: Writer): boolean;
  /** Reads what stands behind the kind of the key; null where the kind is another's. `value` is null for a tombstone. */
  read(kind: number, key: Reader, value: Reader | null): R | null;
  /** Lets the record take effect: live, once it is appended, as after a restart. */
  replay(groups: Map<string, Group>, record: R): void;
}
