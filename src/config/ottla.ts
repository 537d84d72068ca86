/** Keys that Apache Kafka does not have, all beginning with `ottla.`; listed only when set, as tools expect Kafka's. */
import { boolean } from './definition.ts';

export const ottlaKeys = {
  'ottla.evict.on.disconnect': boolean(
    false,
    { importance: 'low', internal: true },
    'Whether a group member is removed as soon as its connection closes, instead of when its session times out; ' +
      'a test that restarts its consumers then need not wait for the session.',
  ),
} as const;
