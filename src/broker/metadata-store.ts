/** Opens the store of the cluster's metadata: for a broker alone, a file in the first of its log directories. */
import { LocalMetadataStore } from '../cluster/local-metadata-store.ts';
import type { MetadataStore } from '../cluster/metadata-store.ts';
import type { LogDirectory } from '../log/directory.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';

/** Answers the store that is to be used: the one that `open` opens, or one that is shared and open already. */
export type OpenMetadataStore = (open: () => MetadataStore) => MetadataStore;

export interface Platform {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Where that fails, the directories are let go. */
export function openMetadataStore(
  directories: readonly LogDirectory[],
  { files, clock, logger }: Platform,
  shared: OpenMetadataStore = (open) => open(),
): MetadataStore {
  try {
    return shared(() => new LocalMetadataStore(files, directories[0].path, clock, logger));
  } catch (error) {
    for (const directory of directories) directory.abandon();
    throw error;
  }
}
