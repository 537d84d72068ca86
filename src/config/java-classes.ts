/** Settings that name a Java class which would decide something. Ottla runs none, and takes those alone whose work it does itself. */
import { ConfigError } from './definition.ts';

/** What says who a client is. */
export const PRINCIPAL_BUILDERS = ['org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder'];

/** @throws {ConfigError} for a class that is not `known`: it would do something that Ottla does not, and nobody would see it */
export function refuseClass(key: string, text: string | null, known: readonly string[]): void {
  if (text === null || text === '' || known.includes(text)) return;
  const instead = known.length === 0 ? 'remove it' : `remove it, or write ${known[0]}`;
  throw new ConfigError(`${key}=${text}: Ottla runs no Java classes: ${instead}`);
}
