/** The broker's settings of compaction, as they are in force now. */
import type { ServerConfig } from '../../config/server.ts';
import type { CleanerConfig } from './cleaner.ts';

export function cleanerConfig(config: ServerConfig): CleanerConfig {
  return {
    enable: config['log.cleaner.enable'],
    backoffMs: config['log.cleaner.backoff.ms'],
    dedupeBufferSize: config['log.cleaner.dedupe.buffer.size'],
    loadFactor: config['log.cleaner.io.buffer.load.factor'],
    maxBytesPerSecond: config['log.cleaner.io.max.bytes.per.second'],
  };
}
