/** `ottla`: a broker inside your own process. */
export { startBroker, type BrokerOptions, type RunningBroker } from './broker/broker.ts';
export { ListenError } from './broker/listeners.ts';
export { ConfigError } from './config/definition.ts';
export { LogDirectoryError } from './log/directory.ts';
