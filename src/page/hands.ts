/** What changes to a broker have to do them with, and how they are refused. */
import { errorMessage, errorName } from '../../protocol/errors.ts';
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import type { Asked } from '../testing/broker-door.ts';
import type { BrokerView } from '../testing/broker-view.ts';
import type { PageTest } from './page-broker.ts';

/** On behalf of one person: all that is asked goes to the authorizer as that person's request. */
export interface Hands {
  /** As far as the person may see it. */
  readonly view: BrokerView;
  /** Null for a broker that no test has started. */
  readonly test: PageTest | null;
  /** Sends a request to the broker that leads, or coordinates, what it is about. */
  ask<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    draft: Draft<Req>,
    of?: Asked,
  ): Promise<Values<Res>>;
  /** Refuses what Kafka has no request for, unless the person may alter the cluster. @throws {ChangeRefused} */
  checkAltersCluster(what: string): void;
  /** Refuses one who may not read the records of the topic. @throws {ChangeRefused} */
  checkReads(topic: string): void;
}

/** What cannot be done, in a sentence. */
export class ChangeRefused extends Error {
  override name = 'ChangeRefused';
  readonly status: 400 | 403 | 404 | 409 | 429;

  constructor(status: 400 | 403 | 404 | 409 | 429, message: string) {
    super(message);
    this.status = status;
  }
}

/** @throws {ChangeRefused} for an error code, with the broker's own sentence where it has one */
export function check(what: string, errorCode: number, detail?: string | null): void {
  if (errorCode === 0) return;
  const name = errorName(errorCode);
  const said = detail === undefined || detail === null || detail === '' ? errorMessage(errorCode) : detail;
  const status = name.endsWith('AUTHORIZATION_FAILED') ? 403 : name.startsWith('UNKNOWN_TOPIC') ? 404 : 409;
  throw new ChangeRefused(status, `${what}: ${said.replace(/\.$/, '')} (${name}).`);
}

/** As CreateTopics and others may take at most. */
export const TIMEOUT_MS = 30_000;
