/** `--container`: what differs where Ottla stands in the place of an image of Kafka. */
import { readEnvironment } from '../config/environment.ts';
import { isWildcard, resolveListeners } from '../config/listeners.ts';
import { parseProperties } from '../config/properties.ts';
import { serverConfig } from '../config/server.ts';
import { combineSettings } from '../config/settings.ts';
import { nodeFiles, type Files } from '../platform/files.ts';

/** Where those images keep their logs when they are told to keep them; the one volume of ours. */
export const CONTAINER_DIRECTORY = '/var/lib/kafka/data';

/** The file that apache/kafka lets users mount; its variables come before it. */
const MOUNTED_PROPERTIES = '/mnt/shared/config/server.properties';

/** The settings of a mounted server.properties, none when there is no such file. */
export function mountedSettings(files: Files = nodeFiles): Map<string, string> {
  return files.exists(MOUNTED_PROPERTIES)
    ? parseProperties(files.readAll(MOUNTED_PROPERTIES).toString())
    : new Map<string, string>();
}

/**
 * The lines that testcontainers modules wait for: the first those of Java and Go, the second that of Python with
 * ZooKeeper, the third that of Python with KRaft.
 */
export function upLines(nodeId: string): string {
  return [
    `[Broker id=${nodeId}] Transitioning from RECOVERY to RUNNING`,
    `[KafkaServer id=${nodeId}] started`,
    `[Broker id=${nodeId}] Kafka Server started`,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** Where the broker of this container answers plain text from inside: its first such listener. Throws ConfigError. */
export function containerAddress(
  variables: Readonly<Record<string, string | undefined>>,
  files: Files = nodeFiles,
): { host: string; port: number } {
  const { values } = combineSettings({
    environment: readEnvironment(variables).values,
    file: mountedSettings(files),
  });
  const { open, controller } = resolveListeners(serverConfig(values), (key) => values.has(key));
  const { host, port } = open.find(({ protocol }) => protocol === 'PLAINTEXT') ?? open.at(0) ?? controller;
  return { host: isWildcard(host) ? '127.0.0.1' : host, port };
}
