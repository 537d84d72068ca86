/** One of the brokers that clients see. */
export interface TestNode {
  /** As clients see it: its place in `brokers`. */
  readonly nodeId: number;
  readonly port: number;
  /** host:port */
  readonly address: string;
  readonly isRunning: boolean;
  /** As if the process had died: its connections end, its port is closed, other replicas lead what it led. */
  stop(): Promise<void>;
  /** Back again, on the same port. It leads nothing but what nobody else could; see `moveLeader`. */
  start(): Promise<void>;
}
