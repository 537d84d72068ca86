/** The whole of a broker at one moment: topics, records, groups, transactions. Brokers begin from it; a file keeps it. */
export interface Snapshot {
  /** How many brokers played their part; a broker made of it has as many. */
  readonly brokers: number;
  /** Writes it to a file, for `startBroker({ from: path })`. */
  save(path: string): void;
  /** All of it, as the file has it. */
  bytes(): Uint8Array;
}
