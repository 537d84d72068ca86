/** The only controller of a cluster: process.roles=controller without etcd, with brokers that are processes of their own. */
import { FileMetadataLog, OnlyController } from '../controllers/file-metadata-log.ts';
import { MetadataFile } from '../cluster/metadata-file.ts';
import { LogDirectory } from '../log/directory.ts';
import { ClusterError, type ControllerEngine, type EngineOptions } from './controller-engine.ts';

/** @throws {LogDirectoryError} while another process uses the directory, or where it belongs to another node or cluster */
export function openFile({ platform, directory, clusterId }: EngineOptions, nodeId: number): ControllerEngine {
  if (directory === null) {
    throw new ClusterError(
      'a controller without etcd keeps the metadata log in log.dirs, and nothing is kept in memory: start it without --memory',
    );
  }
  const known = clusterId === undefined ? {} : { clusterId };
  const opened = LogDirectory.open({ ...platform, ...known, path: directory, nodeId });
  const file = new MetadataFile(platform.files, directory, platform.logger);
  try {
    const metadataLog = new FileMetadataLog(file);
    if (metadataLog.startOffset > 0) {
      throw new ClusterError(
        `${file.path} begins at offset ${metadataLog.startOffset}, as a broker alone has written it anew: ` +
          'move it to a cluster with --etcd, or start it as it was',
      );
    }
    return {
      clusterId: opened.clusterId,
      metadataLog,
      elect: (claim, told) => new OnlyController(metadataLog, claim, told),
      close() {
        file.close();
        opened.close([]);
      },
    };
  } catch (error) {
    file.close();
    opened.abandon();
    throw error;
  }
}
