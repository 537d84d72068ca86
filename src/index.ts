/** `ottla`: a broker inside your own process. */
export { ListenError, startBroker, type BrokerOptions, type RunningBroker } from './broker.ts';
export { ConfigError } from './config/definition.ts';
export { LogDirectoryError } from './log/directory.ts';
