/** Opens the store of the cluster's metadata: for a broker alone, a file in the first of its log directories. */
import { LocalMetadataStore } from '../cluster/local-metadata-store.ts';
import type { MetadataStore } from '../cluster/metadata-store.ts';
import type { LogDirectory } from '../log/directory.ts';
import type { Lane } from '../platform/lane.ts';
import type { Platform } from './platform.ts';

/** Answers the store that is to be used: the one that `open` opens, or one that is shared and open already. */
export type OpenMetadataStore = (open: () => MetadataStore) => MetadataStore;

export function openMetadataStore(
  directory: LogDirectory,
  { files, clock, logger }: Platform,
  lane: Lane,
  shared: OpenMetadataStore = (open) => open(),
): MetadataStore {
  return shared(() => new LocalMetadataStore(files, directory.path, clock, logger, lane));
}
