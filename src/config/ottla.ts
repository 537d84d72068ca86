/** Keys that Apache Kafka does not have: what Ottla adds, all beginning with `ottla.`. */
import { boolean } from './definition.ts';

export const ottlaKeys = {
  'ottla.evict.on.disconnect': boolean(false, { importance: 'low' },
    'Whether a group member is removed as soon as its connection closes, instead of when its session times out; ' +
    'a test that restarts its consumers then need not wait for the session.'),
} as const;
