/** How many connections have come, gone and signed in since the start, by listener: for the metrics. */
export interface ListenerCounts {
  created: number;
  closed: number;
  /** Clients that have proved who they are, once each. */
  authenticated: number;
  /** The same again, in an open connection (KIP-368). */
  reauthenticated: number;
  failed: number;
  /** Closed for a request after the end of their session. */
  expired: number;
}

export class ConnectionCounts {
  readonly byListener = new Map<string, ListenerCounts>();

  of(listener: string): ListenerCounts {
    let counts = this.byListener.get(listener);
    if (counts === undefined) {
      counts = { created: 0, closed: 0, authenticated: 0, reauthenticated: 0, failed: 0, expired: 0 };
      this.byListener.set(listener, counts);
    }
    return counts;
  }
}
