/** The state that a broker alone has left in its log directory, for the cluster in etcd that it becomes the first broker of. */
import { join } from 'node:path';
import { emptyImage, type ClusterImage } from '../cluster/image.ts';
import { LocalMetadataStore } from '../cluster/local-metadata-store.ts';
import { METADATA_LOG } from '../cluster/metadata-file.ts';
import { MetadataLoader } from '../cluster/metadata-loader.ts';
import { LogDirectoryError } from '../log/directory.ts';
import type { Platform } from './platform.ts';

/** Null where it has left none. @throws {LogDirectoryError} while a broker uses the directory, or where its state is a copy */
export async function readLocalState(
  path: string,
  clusterId: string,
  platform: Platform,
): Promise<ClusterImage | null> {
  const { files, clock, logger } = platform;
  if (!files.exists(join(path, METADATA_LOG))) return null;
  const lock = files.lock(join(path, '.lock'));
  if (lock === null) throw new LogDirectoryError(`Another broker is using ${path}; stop it first.`);
  const store = new LocalMetadataStore(files, path, clock, logger);
  try {
    const loader = new MetadataLoader(store, emptyImage(clusterId));
    await loader.load();
    if (loader.image.controllers.size === 0) return loader.image;
    throw new LogDirectoryError(
      `${path} has a copy of the state of cluster ${clusterId}, which is not in this etcd: correct ottla.etcd.endpoints or ` +
        'ottla.etcd.prefix, or restore etcd from its backup.',
    );
  } finally {
    await store.close();
    lock.release();
  }
}
