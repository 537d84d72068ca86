/** The flags of `kafka-storage`, whose other half is loaded when it is called. */
import type { FlagTable } from './flags.ts';

export const STORAGE_FLAGS: FlagTable = {
  'cluster-id': 'value',
  config: 'value',
  'add-scram': 'list',
  'ignore-formatted': 'switch',
  // What every broker alone is.
  standalone: 'switch',
  'no-initial-controllers': 'switch',
  'initial-controllers': { refused: 'controllers are found in etcd, or by controller.quorum.voters: leave it out' },
  'release-version': 'value',
  feature: 'list',
};
