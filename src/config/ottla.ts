/** Keys that Apache Kafka does not have, all beginning with `ottla.`; listed only when set, as tools expect Kafka's. */
import { boolean, int } from './definition.ts';

export const ottlaKeys = {
  'ottla.evict.on.disconnect': boolean(
    false,
    { importance: 'low', internal: true },
    'Whether a group member is removed as soon as its connection closes, instead of when its session times out; ' +
      'a test that restarts its consumers then need not wait for the session.',
  ),
  'ottla.max.open.files': int(
    2048,
    { min: 16, importance: 'low', internal: true },
    'How many files of logs are open at a time. A file that was not used lately is closed, and opened again when it is: ' +
      'there may be any number of partitions. Windows allows a process some 8,000 files; elsewhere see ulimit -n.',
  ),
} as const;
