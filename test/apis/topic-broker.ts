/** A cluster of one broker with the handlers of topics and brokers, asked over the wire format but without a wire. */
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { Reader } from '../../protocol/reader.ts';
import type { AnyApi, Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { metadata } from '../../src/apis/03-metadata.ts';
import { createTopics } from '../../src/apis/19-create-topics.ts';
import { deleteTopics } from '../../src/apis/20-delete-topics.ts';
import { createPartitions } from '../../src/apis/37-create-partitions.ts';
import { describeCluster } from '../../src/apis/60-describe-cluster.ts';
import { describeTopicPartitions } from '../../src/apis/75-describe-topic-partitions.ts';
import type { BrokerParts } from '../../src/apis/broker-parts.ts';
import { NO_REPLY, type Handler } from '../../src/apis/handler.ts';
import { localChannel } from '../../src/cluster/controller-channel.ts';
import { effectiveConfig } from '../../src/config/layers.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { openQuotas } from '../../src/security/quotas/open-quotas.ts';
import { Cluster } from '../cluster/cluster-fixture.ts';
import { serve as serveOne } from './serve.ts';
import { contextOf, sessionOf } from './request-context.ts';

export const handlers: readonly Handler[] = [
  metadata,
  createTopics,
  deleteTopics,
  createPartitions,
  describeCluster,
  describeTopicPartitions,
];

export class TopicBroker extends Cluster {
  readonly logged: string[] = [];
  listener = 'PLAINTEXT';

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<TopicBroker> {
    const broker = new TopicBroker(settings);
    await broker.controller.load();
    return broker.register();
  }

  /** Sends in `version` and answers what a client of that version reads. */
  async send<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    request: Draft<Req>,
  ): Promise<Values<Res>> {
    const { controller, layers, logged, listener } = this;
    const config = effectiveConfig(layers);
    const parts = {
      nodeId: 1,
      metadata: controller,
      controller,
      channel: localChannel(1, controller),
      layers,
      partitions: { isOffline: () => false },
      config,
      quotas: openQuotas(config, () => controller.image, systemClock),
      logger: { ...silentLogger, warn: (event: string) => void logged.push(event) },
    };
    return serve(api, version, request, parts as unknown as BrokerParts, listener);
  }
}

export async function serve<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  version: number,
  request: Draft<Req>,
  parts: BrokerParts,
  listenerName = 'PLAINTEXT',
): Promise<Values<Res>> {
  const handler = handlers.find((each) => each.api === (api as unknown as AnyApi))!;
  const input = new Writer();
  requestCodec(api, version).encode(input, request);
  const output = new Writer();
  const context = contextOf({ apiVersion: version, session: sessionOf({ listenerName }) });
  const served = serveOne(handler, new Reader(input.finish()), context, output, parts);
  if (served === NO_REPLY) throw new Error(`${api.name} has an answer`);
  if (served instanceof Promise) (await served)(output);
  return responseCodec(api, version).decode(new Reader(output.finish()));
}
