/** Where what Ottla answers Kafka's tools means to differ, and why. Everything else is a defect. */
import {
  MIN_INSYNC_REPLICAS,
  type KnownDifference,
} from '../../test/cli/kafka-tools/beside-kafka/known-differences.ts';

export const ofBroker: readonly KnownDifference[] = [
  MIN_INSYNC_REPLICAS,
  {
    where: /--create --topic big --partitions/,
    ottla: /: ask for at most 10000 at a time\.$/,
    kafka: /partitions per request\.$/,
    why: 'It says how many may be asked for.',
  },
  {
    where: /remote\.storage\.enable=true/,
    ottla: /leave out remote\.storage\.enable/,
    kafka: /configured with remote log storage\.$/,
    why: 'It says what to do.',
  },
  {
    where: /--add-config listeners=/,
    ottla: /Ottla opens its listeners when it starts/,
    kafka: /controller\.listener\.names must/,
    why: 'Listeners are opened at the start alone, and say so; the Kafka compared with is a controller as well.',
  },
  {
    where: /--broker 1 --all$/,
    ottla: /^\|   (controller\.|inter\.broker\.|offsets\.topic\.|share\.coordinator\.|transaction\.state\.)/,
    kafka: /^\|   (controller\.|inter\.broker\.|offsets\.topic\.|share\.coordinator\.|transaction\.state\.)/,
    why: 'What the two were started with.',
  },
  {
    where: /^kafka-broker-api-versions/,
    kafka: /StreamsGroup(Heartbeat|Describe)\(|Telemetry.*UNSUPPORTED/,
    ottla: /StreamsGroup(Heartbeat|Describe)\(.*UNSUPPORTED|Telemetry/,
    why: 'There are no streams groups; client metrics can be pushed always, in Kafka where a receiver is configured.',
  },
  {
    where: /^kafka-streams-groups --describe/,
    kafka: /Group none not found/,
    ottla: /does not support STREAMS_GROUP_DESCRIBE/,
    why: 'There are no streams groups.',
  },
  {
    where: /^kafka-features/,
    ottla: /No feature was changed: /,
    kafka: /The update failed for all features since/,
    why: 'The same in fewer words.',
  },
  {
    where: /^kafka-features disable --feature nonsense/,
    ottla: /nonsense/,
    kafka: /nonsense/,
    why: 'The same in fewer words.',
  },
  {
    where: /^kafka-metadata-quorum remove-controller/,
    ottla: /is not a voter that can be removed/,
    kafka: /Cannot remove voter/,
    why: 'It says who the voters are.',
  },
];
