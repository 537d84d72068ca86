"""The cases, as confluent-kafka (librdkafka) does them."""

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaException,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka import admin as administration

from check import bootstrap, case, fresh, until

BASE = {'bootstrap.servers': bootstrap, 'log_level': 0}
admin = administration.AdminClient(BASE)
START_MS = 1_700_000_000_000


def results(futures):
    told = {}
    for key, future in futures.items():
        try:
            told[str(key)] = str(future.result(20))
        except KafkaException as error:
            told[str(key)] = error.args[0].name()
    return sorted(told.items())


def topic_of(word, partitions=1, config=None):
    topic = fresh(word)
    for future in admin.create_topics([administration.NewTopic(topic, partitions, 1, config=config or {})]).values():
        future.result(20)
    # Kafka's broker learns of a topic a moment after its controller has made it.
    until(lambda: len(admin.list_topics(topic, 10).topics[topic].partitions) == partitions)
    return topic


def write(topic, count, partitions=1, **settings):
    offsets, errors = [], []
    producer = Producer({**BASE, 'linger.ms': 5, **{name.replace('_', '.'): value for name, value in settings.items()}})

    def delivered(error, message):
        (errors if error else offsets).append(error.name() if error else message.offset())

    for at in range(count):
        producer.produce(
            topic, b'value-%d' % at, b'key-%d' % at, at % partitions, timestamp=START_MS + at * 10, on_delivery=delivered
        )
    left = producer.flush(20)
    return left, len(offsets), sorted(set(errors))


def read(topic, count, partitions=1, **settings):
    consumer = Consumer({**BASE, 'group.id': fresh('reader'), 'enable.auto.commit': False, 'fetch.wait.max.ms': 100,
                         **{name.replace('_', '.'): value for name, value in settings.items()}})
    consumer.assign([TopicPartition(topic, at, OFFSET_BEGINNING) for at in range(partitions)])
    found = []
    while len(found) < count:
        found += [message for message in consumer.consume(500, 1) if message.error() is None]
    consumer.close()
    return sorted((each.partition(), each.offset(), each.key(), each.value()) for each in found)


def admin_cases():
    topic = fresh('admin')
    new = administration.NewTopic
    case('admin', 'create topics, good and bad', lambda: results(
        admin.create_topics([new(topic, 2, 1), new('a b', 1, 1), new(topic + 'r', 1, 7)])))
    case('admin', 'create it again', lambda: results(admin.create_topics([new(topic, 2, 1)])))
    case('admin', 'describe topics', lambda: [
        (each.result().name, len(each.result().partitions), each.result().is_internal)
        for each in admin.describe_topics(TopicCollection([topic])).values()])
    case('admin', 'describe the cluster', lambda: len(admin.describe_cluster().result().nodes))
    case('admin', 'add partitions', lambda: [
        results(admin.create_partitions([administration.NewPartitions(topic, count)])) for count in (4, 3)])

    def configurations():
        resource = administration.ConfigResource('topic', topic_of('configured'))
        told = []
        for value in ('5000', 'x'):
            entry = administration.ConfigEntry(
                'retention.ms', value, incremental_operation=administration.AlterConfigOpType.SET)
            asked = administration.ConfigResource('topic', resource.name, incremental_configs=[entry])
            told.append([each[1] for each in results(admin.incremental_alter_configs([asked]))])
        until(lambda: admin.describe_configs([resource])[resource].result()['retention.ms'].value == '5000')
        return told

    case('admin', 'describe and alter configurations', configurations)

    def records():
        own = topic_of('records')
        write(own, 10)
        return [each.result().low_watermark for each in admin.delete_records([TopicPartition(own, 0, 5)]).values()]

    case('admin', 'delete records', records)
    case('admin', 'delete topics', lambda: results(admin.delete_topics([topic, topic + 'none'])))


def produce_cases():
    for acks in ('all', '1', '0'):
        def acknowledged(acks=acks):
            topic = topic_of('acks')
            return write(topic, 20, acks=acks), len(read(topic, 20))
        case('produce', f'acks {acks}', acknowledged)

    def idempotent():
        topic = topic_of('idempotent')
        return write(topic, 300, enable_idempotence=True, batch_num_messages=10), read(topic, 300)[-1]

    case('produce', 'idempotent', idempotent)
    for codec in ('none', 'gzip', 'snappy', 'lz4', 'zstd'):
        def compressed(codec=codec):
            topic = topic_of(codec)
            write(topic, 100, compression_type=codec)
            return read(topic, 100)
        case('compression', codec, compressed)


def consume_cases():
    topic = topic_of('consume', 3)
    write(topic, 60, 3)
    case('consume', 'from the beginning, in order', lambda: read(topic, 60, 3))

    def seek():
        consumer = Consumer({**BASE, 'group.id': fresh('seek'), 'enable.auto.commit': False})
        consumer.assign([TopicPartition(topic, 1, 15)])
        found = [consumer.poll(10).offset() for _ in range(5)]
        consumer.pause([TopicPartition(topic, 1)])
        consumer.seek(TopicPartition(topic, 1, 3))
        consumer.resume([TopicPartition(topic, 1)])
        found.append(consumer.poll(10).offset())
        marks = consumer.get_watermark_offsets(TopicPartition(topic, 1))
        consumer.close()
        return found, marks

    case('consume', 'from an offset, seek, pause', seek)

    def headers():
        own = topic_of('headers')
        producer = Producer(BASE)
        producer.produce(own, b'x', timestamp=START_MS + 123, headers=[('one', b'a'), ('one', b'b'), ('null', None), ('', b'')])
        producer.flush(20)
        consumer = Consumer({**BASE, 'group.id': fresh('headers')})
        consumer.assign([TopicPartition(own, 0, OFFSET_BEGINNING)])
        message = consumer.poll(20)
        consumer.close()
        return message.headers(), message.timestamp(), message.key(), message.value()

    case('headers', 'headers and times come back', headers)


def group_cases():
    topic = topic_of('groups', 3)
    write(topic, 60, 3)
    kinds = [('classic', name) for name in ('range', 'roundrobin', 'cooperative-sticky')]
    for protocol, assignor in [*kinds, ('consumer', 'uniform')]:
        def together(protocol=protocol, assignor=assignor):
            group = fresh('group')
            own = ({'partition.assignment.strategy': assignor, 'heartbeat.interval.ms': 300}
                   if protocol == 'classic' else {'group.protocol': 'consumer', 'group.remote.assignor': assignor})
            members = [Consumer({**BASE, 'group.id': group, 'enable.auto.commit': False, 'auto.offset.reset': 'earliest',
                                 'group.instance.id': f'instance-{at}', **own}) for at in range(3)]
            for member in members:
                member.subscribe([topic])
            found = set()

            def are_done():
                for member in members:
                    found.update((each.partition(), each.offset()) for each in member.consume(50, 0.1) if not each.error())
                return len(found) == 60 and all(len(member.assignment()) == 1 for member in members)

            until(are_done)
            for at, member in enumerate(members):
                own_partitions = [TopicPartition(topic, each.partition, 20) for each in member.assignment()]
                member.commit(offsets=own_partitions, asynchronous=False)
            described = admin.describe_consumer_groups([group])[group].result()
            committed = [each.offset for each in members[0].committed([TopicPartition(topic, at) for at in range(3)], 10)]
            for member in members:
                member.close()
            return committed, described.state.name, len(described.members), described.partition_assignor, described.type.name

        case('groups', f'three static members share, {protocol}, {assignor}', together)

    def listed():
        group = fresh('group')
        consumer = Consumer({**BASE, 'group.id': group})
        consumer.commit(offsets=[TopicPartition(topic, 0, 5)], asynchronous=False)
        consumer.close()
        found = admin.list_consumer_groups().result().valid
        told = [(each.state.name, each.is_simple_consumer_group) for each in found if each.group_id == group]
        return told, results(admin.delete_consumer_groups([group, group + 'none']))

    case('groups', 'list and delete groups', listed)


def transaction_cases():
    def committed():
        topic = topic_of('transactions')
        producer = Producer({**BASE, 'transactional.id': fresh('id')})
        producer.init_transactions(20)
        for word in ('a', 'b', 'c'):
            producer.begin_transaction()
            producer.produce(topic, word.encode())
            producer.flush(20)
            producer.abort_transaction(20) if word == 'b' else producer.commit_transaction(20)
        return read(topic, 2, isolation_level='read_committed')

    case('transactions', 'committed is read, aborted is not', committed)

    def fenced():
        topic, name = topic_of('fenced'), fresh('id')
        old, young = [Producer({**BASE, 'transactional.id': name}) for _ in range(2)]
        old.init_transactions(20)
        old.begin_transaction()
        old.produce(topic, b'left open')
        old.flush(20)
        young.init_transactions(20)
        try:
            old.commit_transaction(20)
            return 'committed'
        except KafkaException as error:
            return error.args[0].name(), error.args[0].fatal()

    case('transactions', 'a younger producer fences the older', fenced)


def offset_cases():
    topic = topic_of('offsets', 2)
    write(topic, 10)
    spec = administration.OffsetSpec
    for name, each in (('first', spec.earliest()), ('last', spec.latest()), ('of the largest time', spec.max_timestamp()),
                       ('by time', spec.for_timestamp(START_MS + 35)), ('by a time to come', spec.for_timestamp(4 * 10**12))):
        case('offsets', name, lambda each=each: sorted(
            (key.partition, found.result().offset, found.result().timestamp)
            for key, found in admin.list_offsets({TopicPartition(topic, at): each for at in range(2)}).items()))

    def altered():
        group = fresh('group')
        asked = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 1, 9, 'méta')])
        for future in admin.alter_consumer_group_offsets([asked]).values():
            future.result(20)
        found = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
        return [(each.offset, each.metadata, each.leader_epoch) for future in found.values() for each in future.result().topic_partitions]

    case('offsets', 'altered and listed', altered)


for cases in (admin_cases, produce_cases, consume_cases, group_cases, transaction_cases, offset_cases):
    cases()
