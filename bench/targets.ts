/** What Ottla promises against Apache Kafka in the same run: a ratio of medians, Ottla's over Kafka's. */

export interface Target {
  readonly load: string;
  readonly figure: string;
  readonly words: string;
  /** For costs; Ottla's figure is at most so many times Kafka's. */
  readonly atMost?: number;
  /** For rates. */
  readonly atLeast?: number;
}

const cpu = 'cpuPerMillionRecords';
const rate = 'requestsPerSecond';

export const TARGETS: readonly Target[] = [
  { load: 'java-100', figure: cpu, words: 'CPU per million records, Java producer, 100 B', atMost: 0.4 },
  { load: 'java-1k', figure: cpu, words: 'CPU per million records, Java producer, 1 KiB', atMost: 0.5 },
  { load: 'raw-15k', figure: cpu, words: 'CPU per million records, raw requests of 15 KB', atMost: 0.33 },
  { load: 'small-50', figure: rate, words: 'requests/s of one record, 50 connections', atLeast: 3 },
  { load: 'small-1', figure: rate, words: 'requests/s of one record, 1 connection', atLeast: 8 },
  { load: 'raw-15k', figure: rate, words: 'requests/s of 15 KB', atLeast: 3.5 },
  { load: 'small-1-closed', figure: 'p99', words: 'produce to ack, p99', atMost: 0.8 },
  { load: 'deliver', figure: 'p99', words: 'produce to delivered, p99', atMost: 0.5 },
  { load: 'java-consume-100', figure: cpu, words: 'CPU per million records, Java consumer, 100 B', atMost: 1 },
  { load: 'java-consume-1k', figure: cpu, words: 'CPU per million records, Java consumer, 1 KiB', atMost: 1 },
  { load: 'fetch-1m', figure: 'cpuPerGb', words: 'CPU per GB, raw fetches of 1 MiB', atMost: 1.4 },
  { load: 'memory', figure: 'rssMb', words: 'resident memory under load', atMost: 0.2 },
  { load: 'start', figure: 'startMs', words: 'start to first answer', atMost: 0.05 },
];
