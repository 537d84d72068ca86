export interface StopOptions {
  /** As by SIGTERM: others lead what it led before its connections end. */
  readonly controlled?: boolean;
}

/** One of the brokers that clients see. */
export interface TestNode {
  /** As clients see it: its place in `brokers`. */
  readonly nodeId: number;
  readonly port: number;
  /** host:port */
  readonly address: string;
  readonly isRunning: boolean;
  /** As if the process had died: its connections end, its port is closed, in-sync replicas lead what it led. */
  stop(options?: StopOptions): Promise<void>;
  /** Back again, on the same port: its replicas catch up. It leads nothing but what no other broker can; see `moveLeader`. */
  start(): Promise<void>;
}
