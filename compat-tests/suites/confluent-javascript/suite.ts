import { librdkafka } from '../../../test/clients/librdkafka.ts';
import { nodeProgram } from '../node-program.ts';
import { Missing } from '../suite.ts';

/** @confluentinc/kafka-javascript, that is librdkafka; see scripts/librdkafka.mjs. */
export const confluentJavascript = nodeProgram(
  'confluent-javascript',
  new URL('./program.ts', import.meta.url),
  async () => {
    if (librdkafka === null) throw new Missing('needs `npm run librdkafka` once');
    return { title: `@confluentinc/kafka-javascript (librdkafka ${librdkafka.librdkafkaVersion})` };
  },
);
