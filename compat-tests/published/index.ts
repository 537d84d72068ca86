import type { Suite } from '../suites/suite.ts';
import { franzGoTests, franzGoTestsSignedIn } from './franz-go/suite.ts';
import { kafkaGoTests } from './kafka-go/suite.ts';
import { kafkaPythonTests } from './kafka-python/suite.ts';
import { librdkafkaTests, librdkafkaTestsSignedIn } from './librdkafka/suite.ts';

/** The integration tests that clients publish, on both brokers. */
export const published: readonly Suite[] = [
  franzGoTests,
  kafkaPythonTests,
  librdkafkaTests,
  franzGoTestsSignedIn,
  librdkafkaTestsSignedIn,
  kafkaGoTests,
];
