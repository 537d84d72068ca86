import { confluentJavascript } from './confluent-javascript/suite.ts';
import { connect } from './connect/suite.ts';
import { consoleTools } from './console-tools/suite.ts';
import { go } from './go/suite.ts';
import { java } from './java/suite.ts';
import { kafkajs } from './kafkajs/suite.ts';
import { kcat } from './kcat/suite.ts';
import { platformatic } from './platformatic/suite.ts';
import { python } from './python/suite.ts';
import { streams } from './streams/suite.ts';
import type { Suite } from './suite.ts';

/** Every client, in the order of the table. */
export const suites: readonly Suite[] = [
  kafkajs,
  platformatic,
  confluentJavascript,
  kcat,
  ...java,
  consoleTools,
  streams,
  connect,
  ...go,
  ...python,
];
