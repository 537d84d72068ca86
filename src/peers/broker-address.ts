/** Where brokers listen for one another. Pure. */
import type { BrokerImage } from '../cluster/image.ts';
import { SECURITY_PROTOCOLS } from '../config/listeners.ts';
import type { ServerConfig } from '../config/server.ts';
import type { Address } from './controller-quorum.ts';

/**
 * By inter.broker.listener.name, or else the first listener of security.inter.broker.protocol. Null where the broker is not known, or
 * has no such listener.
 */
export function brokerAddress(broker: BrokerImage | undefined, config: ServerConfig): Address | null {
  const name = config['inter.broker.listener.name']?.toUpperCase(); // as listeners' names are
  const protocol = SECURITY_PROTOCOLS.findIndex((each) => each === config['security.inter.broker.protocol']);
  const found = broker?.listeners.find((listener) =>
    name === undefined ? listener.securityProtocol === protocol : listener.name === name,
  );
  return found === undefined ? null : { host: found.host, port: found.port };
}
