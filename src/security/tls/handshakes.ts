/** What tests do to handshakes (src/testing): a broker of people has none of it. */

/** PEM. */
export interface ShownCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Asked at each connection that begins a handshake. */
export interface Handshakes {
  /**
   * Null: nothing is to happen. A promise holds it back, and says how it goes on: as the listener is set up, with another certificate,
   * or not at all.
   */
  next(): Promise<'as it is' | ShownCertificate | 'closed'> | null;
}
