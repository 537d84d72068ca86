/** What becomes of the cluster: brokers, partitions without a leader, elections, who is the active controller. */
import { Counter } from 'prom-client';
import type { BrokerParts } from '../apis/broker-parts.ts';
import { count, eachPartition, type EachPartition } from './each-partition.ts';
import { Elections } from './elections.ts';
import { one, type Metric } from './metric.ts';

const CONTROLLER = 'kafka_controller_kafkacontroller';
const STATS = 'kafka_controller_controllerstats';

/** A process that knows the cluster, and may have replicas. */
type Watching = Pick<BrokerParts, 'metadata'> & { readonly partitions?: Pick<BrokerParts['partitions'], 'isOffline'> };

/** `isActiveController` is null where this process has no controller. */
export function clusterMetrics(parts: Watching, isActiveController: (() => boolean) | null): Metric[] {
  const { metadata, partitions } = parts;
  const isLeaderless = ({ topic, index, partition }: EachPartition): boolean =>
    partition.leader < 0 || partitions?.isOffline(topic.id, index) === true;
  const brokers = (is: (broker: { readonly fenced: boolean }) => boolean) => () =>
    count(metadata.image.brokers.values(), is);
  const active = isActiveController;
  return [
    ...(active === null
      ? []
      : [one(`${CONTROLLER}_activecontrollercount`, '1: it is the active controller', () => (active() ? 1 : 0))]),
    one(
      `${CONTROLLER}_activebrokercount`,
      'Brokers that may lead',
      brokers(({ fenced }) => !fenced),
    ),
    one(
      `${CONTROLLER}_fencedbrokercount`,
      'Brokers that may not lead',
      brokers(({ fenced }) => fenced),
    ),
    one(`${CONTROLLER}_globaltopiccount`, 'Topics', () => metadata.image.topicsById.size),
    one(`${CONTROLLER}_globalpartitioncount`, 'Partitions', () => count(eachPartition(parts), () => true)),
    one(`${CONTROLLER}_offlinepartitionscount`, 'Partitions without a leader', () =>
      count(eachPartition(parts), isLeaderless),
    ),
    one(`${CONTROLLER}_preferredreplicaimbalancecount`, 'Partitions led by another than their first replica', () =>
      count(eachPartition(parts), ({ partition: { leader, replicas } }) => leader !== replicas[0]),
    ),
    ...elections(parts),
  ];
}

function elections({ metadata }: Watching): Metric[] {
  const seen = new Elections();
  metadata.onChange((image, previous, delta) => seen.note(image, previous, delta));
  const counter = (name: string, help: string, value: () => number): Metric => ({
    ...one(`${STATS}_${name}`, help, value),
    kind: Counter,
  });
  return [
    counter('leaderelectionrateandtimems_count', 'Elections of leaders, of any kind', () => seen.total),
    counter(
      'electionfromeligibleleaderreplicas_total',
      'Elections of a leader that was out of sync and has all that was committed',
      () => seen.fromEligible,
    ),
    counter(
      'uncleanleaderelections_total',
      'Elections of a leader that may lack what was committed',
      () => seen.unclean,
    ),
  ];
}
