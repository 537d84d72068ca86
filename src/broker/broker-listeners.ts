/** The listeners by which clients and other brokers reach a broker. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import { handlers } from '../apis/index.ts';
import { ConnectionCounts } from '../net/connection-counts.ts';
import { Dispatcher } from '../net/dispatch.ts';
import type { Forwarder } from '../net/forwarder.ts';
import type { Interceptor } from '../net/interceptor.ts';
import type { RequestMeter } from '../net/request-meter.ts';
import type { Network } from '../platform/network.ts';
import type { Handshakes } from '../security/tls/handshakes.ts';
import { connectionLimits } from './connection-limits.ts';
import { listenerSecurity } from './listener-security.ts';
import { Listeners } from './listeners.ts';

export interface BrokerListenersOptions {
  readonly network: Network;
  readonly interceptor: Interceptor | null;
  /** Where the active controller is another process. */
  readonly forwarder: Forwarder | null;
  /** Asked once, before the first listener opens. */
  readonly meter: () => RequestMeter | null;
  /** Before that, connections are closed as they are accepted. */
  readonly isReady: () => boolean;
  /** See SecurityNeeds, both. */
  readonly javaOptions: string | undefined;
  readonly handshakes: Handshakes | null;
}

export function brokerListeners(parts: BrokerParts, options: BrokerListenersOptions): Listeners {
  const { clock, logger, partitions, groups, authorizer, quotas } = parts;
  const { network, interceptor, forwarder, meter, isReady, javaOptions, handshakes } = options;
  const settle = (): void => partitions.settle();
  const { turn } = partitions;
  const security = { authorizer, quotas };
  const counts = new ConnectionCounts();
  const failed = (listener: string): void => void counts.of(listener).failed++;
  return new Listeners({
    clock,
    logger,
    secure: listenerSecurity({ parts, network, handlers, javaOptions, handshakes, failed }),
    config: () => parts.config,
    limits: connectionLimits(parts),
    dispatcher: () =>
      new Dispatcher({ handlers, parts, settle, interceptor, forwarder, meter: meter(), turn, security }),
    innerDispatcher: () => new Dispatcher({ handlers, parts, settle, forwarder, turn, security }),
    authorizer,
    counts,
    settle,
    turn,
    isReady,
    closed: (connectionId) => groups.connectionClosed(connectionId, parts.config['ottla.evict.on.disconnect']),
  });
}
