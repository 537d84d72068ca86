/** What `ottla/testcontainers` gives: the image for tests in Docker, and a client for any control port. */
export {
  ControlClient,
  ControlError,
  type Message,
  type MessageFilter,
  type MessageWait,
  type RemoteExchange,
  type RemoteFault,
  type RemoteFaultBuilder,
  type RemoteFaults,
  type TrafficQuery,
} from './control-client.ts';
export { OttlaContainer, StartedOttlaContainer, type Container, type Started } from './ottla-container.ts';
