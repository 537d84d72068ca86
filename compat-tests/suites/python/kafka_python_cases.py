"""The cases, as kafka-python does them."""

import threading

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewPartitions, NewTopic
from kafka.structs import OffsetAndMetadata, TopicPartition

from check import bootstrap, case, fresh, outcome, until

START_MS = 1_700_000_000_000
admin = KafkaAdminClient(bootstrap_servers=bootstrap)


def topic_of(word, partitions=1):
    topic = fresh(word)
    admin.create_topics([NewTopic(name=topic, num_partitions=partitions, replication_factor=1)])
    consumer = KafkaConsumer(bootstrap_servers=bootstrap)
    # Kafka's broker learns of a topic a moment after its controller has made it.
    until(lambda: len(consumer.partitions_for_topic(topic) or ()) == partitions)
    consumer.close()
    return topic


def write(topic, count, partitions=1, **settings):
    producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=5, **settings)
    sent = [producer.send(topic, b'value-%d' % at, b'key-%d' % at, partition=at % partitions, timestamp_ms=START_MS + at * 10)
            for at in range(count)]
    producer.flush()
    last = sent[-1].get(20)
    producer.close()
    return last


def read(topic, count, partitions=1, **settings):
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset='earliest', group_id=None, **settings)
    consumer.assign([TopicPartition(topic, at) for at in range(partitions)])
    found = []
    while len(found) < count:
        for messages in consumer.poll(200).values():
            found += messages
    consumer.close()
    return sorted((each.partition, each.offset, each.key, each.value, each.timestamp) for each in found)


def admin_cases():
    topic = fresh('admin')
    new = lambda name, partitions=2, factor=1: [NewTopic(name=name, num_partitions=partitions, replication_factor=factor)]
    case('admin', 'create a topic', lambda: admin.create_topics(new(topic)) is not None)
    for name, asked in (('it again', new(topic)), ('one with an impossible name', new('a b')), ('one with too many copies', new(topic + 'x', 1, 5))):
        case('admin', f'create {name}', lambda asked=asked: outcome(lambda: admin.create_topics(asked)))
    case('admin', 'add partitions', lambda: admin.create_partitions({topic: NewPartitions(5)}) is not None)
    case('admin', 'describe topics', lambda: [len(each['partitions']) for each in admin.describe_topics([topic])])
    case('admin', 'describe the cluster', lambda: len(admin.describe_cluster()['brokers']))

    def records():
        own = topic_of('records')
        write(own, 10)
        admin.delete_records({TopicPartition(own, 0): 5})
        return read(own, 5)[0]

    case('admin', 'delete records', records)
    case('admin', 'delete topics', lambda: admin.delete_topics([topic]) is not None)


def produce_cases():
    for acks in ('all', 1, 0):
        def acknowledged(acks=acks):
            topic = topic_of('acks')
            last = write(topic, 20, acks=acks, enable_idempotence=False)
            return last.offset if acks != 0 else '', len(read(topic, 20))
        case('produce', f'acks {acks}', acknowledged)
    case('produce', 'idempotent', lambda: write(topic_of('idempotent'), 200, enable_idempotence=True, acks='all').offset)
    for codec in (None, 'gzip', 'snappy', 'lz4', 'zstd'):
        def compressed(codec=codec):
            topic = topic_of('codec')
            write(topic, 100, compression_type=codec)
            return read(topic, 100)
        case('compression', codec or 'none', compressed)


def consume_cases():
    topic = topic_of('consume', 3)
    write(topic, 60, 3)
    case('consume', 'from the beginning, in order', lambda: read(topic, 60, 3))

    def seek():
        consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
        partitions = [TopicPartition(topic, at) for at in range(3)]
        consumer.assign(partitions)
        consumer.seek(partitions[0], 12)
        consumer.pause(*partitions[1:])
        message = next(consumer)
        consumer.seek_to_end()
        ends = [consumer.position(each) for each in partitions]
        consumer.seek_to_beginning()
        told = message.offset, ends, [consumer.position(each) for each in partitions]
        consumer.close()
        return told

    case('consume', 'seek, pause and positions', seek)

    def headers():
        own = topic_of('headers')
        producer = KafkaProducer(bootstrap_servers=bootstrap)
        producer.send(own, b'x', timestamp_ms=START_MS + 123, headers=[('one', b'a'), ('one', b'b'), ('', b'')]).get(20)
        producer.close()
        consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset='earliest')
        consumer.assign([TopicPartition(own, 0)])
        message = next(consumer)
        consumer.close()
        return message.headers, message.timestamp, message.timestamp_type, message.key

    case('headers', 'headers and times come back', headers)


def group_cases():
    topic = topic_of('groups', 3)
    write(topic, 60, 3)
    for count in (1, 3):
        def together(count=count):
            group = fresh('group')
            members = [KafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset='earliest', group_id=group,
                                     enable_auto_commit=False, heartbeat_interval_ms=300, session_timeout_ms=8000)
                       for _ in range(count)]
            found = [set() for _ in members]

            def consume(at):
                while len(set().union(*found)) < 60:
                    for messages in members[at].poll(200).values():
                        found[at].update((each.partition, each.offset) for each in messages)
                outcome(members[at].commit)

            threads = [threading.Thread(target=consume, args=(at,)) for at in range(count)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for member in members:
                member.close()
            return len(set().union(*found))

        case('groups', f'{count} members read all', together)

    def resumed():
        own, group = topic_of('resume'), fresh('group')
        told = []
        for _ in range(2):
            write(own, 10)
            consumer = KafkaConsumer(own, bootstrap_servers=bootstrap, auto_offset_reset='earliest', group_id=group)
            found = []
            while len(found) < 10:
                for messages in consumer.poll(200).values():
                    found += [each.offset for each in messages]
            consumer.commit()
            consumer.close()
            told.append(found)
        return told

    case('groups', 'goes on where it committed', resumed)


def offset_cases():
    topic = topic_of('offsets', 2)
    write(topic, 10)
    partitions = [TopicPartition(topic, at) for at in range(2)]

    def listed():
        consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
        consumer.assign(partitions)
        told = [consumer.beginning_offsets(partitions), consumer.end_offsets(partitions),
                consumer.offsets_for_times({each: START_MS + 35 for each in partitions}),
                consumer.offsets_for_times({each: 4 * 10**12 for each in partitions})]
        consumer.close()
        return [sorted(each.items()) for each in told]

    case('offsets', 'first, last and by time', listed)

    def committed():
        consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=fresh('group'), enable_auto_commit=False)
        consumer.assign(partitions)
        consumer.commit({partitions[0]: OffsetAndMetadata(5, 'méta', -1)})
        told = [consumer.committed(each, metadata=True) for each in partitions]
        consumer.close()
        return told

    case('offsets', 'committed with metadata', committed)


for cases in (admin_cases, produce_cases, consume_cases, group_cases, offset_cases):
    cases()
admin.close()
