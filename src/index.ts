/** `ottla`: a broker inside your own process. */
export { startBroker, type BrokerOptions, type RunningBroker } from './broker.ts';
export { ListenError } from './doors.ts';
export { ConfigError } from './config/definition.ts';
export { LogDirectoryError } from './log/directory.ts';
