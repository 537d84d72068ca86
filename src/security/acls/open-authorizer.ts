/** The authorizer that the configuration asks for. */
import { ConfigError } from '../../config/definition.ts';
import type { ServerConfig } from '../../config/server.ts';
import type { ClusterImage } from '../../cluster/image.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { AuditLog } from './audit-log.ts';
import { AclAuthorizer } from './authorizer.ts';

export const STANDARD_AUTHORIZER = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer';

/**
 * Null where authorizer.class.name is empty.
 * @throws {ConfigError} for another authorizer, and for super users without a type
 */
export function openAuthorizer(
  config: ServerConfig,
  image: () => ClusterImage,
  logger: Logger,
  clock: Clock,
): AclAuthorizer | null {
  const className = config['authorizer.class.name'];
  if (className === '') return null;
  if (className !== STANDARD_AUTHORIZER) {
    throw new ConfigError(`authorizer.class.name=${className} is not in Ottla: use ${STANDARD_AUTHORIZER}`);
  }
  return new AclAuthorizer({
    image,
    superUsers: superUsersOf(config['super.users']),
    allowsUncovered: config['allow.everyone.if.no.acl.found'],
    audit: new AuditLog(logger, clock),
  });
}

function superUsersOf(text: string): Set<string> {
  const names = text
    .split(';')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  for (const name of names) {
    if (!name.includes(':')) {
      throw new ConfigError(`super.users=${text} names '${name}' without a type: write User:${name}`);
    }
  }
  return new Set(names);
}
