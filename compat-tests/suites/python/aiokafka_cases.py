"""The cases, as aiokafka does them."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.structs import OffsetAndMetadata

from check import bootstrap, case, fresh

START_MS = 1_700_000_000_000


async def with_client(client, act):
    await client.start()
    try:
        return await act(client)
    finally:
        await (client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())


def administrated(act):
    return with_client(AIOKafkaAdminClient(bootstrap_servers=bootstrap), act)


async def topic_of(word, partitions=1):
    topic = fresh(word)

    async def create(admin):
        await admin.create_topics([NewTopic(topic, partitions, 1)])
        # Kafka's broker learns of a topic a moment after its controller has made it.
        while True:
            (found,) = await admin.describe_topics([topic])
            if found['error_code'] == 0 and len(found['partitions']) == partitions:
                return
            await asyncio.sleep(0.02)

    await administrated(create)
    return topic


async def write(topic, count, partitions=1, **settings):
    async def send(producer):
        sent = [await producer.send(topic, b'value-%d' % at, b'key-%d' % at, partition=at % partitions,
                                    timestamp_ms=START_MS + at * 10) for at in range(count)]
        return [await each for each in sent][-1]

    return await with_client(AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=5, **settings), send)


async def read(topic, count, partitions=1, **settings):
    async def consume(consumer):
        consumer.assign([TopicPartition(topic, at) for at in range(partitions)])
        found = []
        while len(found) < count:
            for messages in (await consumer.getmany(timeout_ms=200)).values():
                found += messages
        return sorted((each.partition, each.offset, each.key, each.value, each.timestamp) for each in found)

    return await with_client(AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset='earliest', **settings), consume)


async def create_and_delete():
    topic = fresh('admin')

    async def act(admin):
        created = [(await admin.create_topics([NewTopic(topic, 2, 1)])).topic_errors[0][1] for _ in range(2)]
        await asyncio.sleep(0.2)
        more = (await admin.create_partitions({topic: NewPartitions(4)})).topic_errors[0][1]
        deleted = sorted(tuple(each[:2]) for each in (await admin.delete_topics([topic, topic + 'none'])).topic_error_codes)
        return created, more, deleted

    return await administrated(act)


async def delete_records():
    topic = await topic_of('records')
    await write(topic, 10)
    return await administrated(lambda admin: admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(5)}))


async def acknowledged(acks):
    topic = await topic_of('acks')
    last = await write(topic, 20, acks=acks)
    return getattr(last, 'offset', None), len(await read(topic, 20))


async def idempotent():
    topic = await topic_of('idempotent')
    return (await write(topic, 200, enable_idempotence=True, acks='all', max_batch_size=500)).offset


async def compressed(codec):
    topic = await topic_of('codec')
    await write(topic, 100, compression_type=codec)
    return await read(topic, 100)


async def in_order():
    topic = await topic_of('consume', 3)
    await write(topic, 60, 3)
    return await read(topic, 60, 3)


async def positions():
    topic = await topic_of('offsets', 2)
    await write(topic, 10)
    partitions = [TopicPartition(topic, at) for at in range(2)]

    async def act(consumer):
        consumer.assign(partitions)
        told = [sorted((await consumer.beginning_offsets(partitions)).items()), sorted((await consumer.end_offsets(partitions)).items())]
        for time_ms in (START_MS + 35, 4 * 10**12):
            told.append(sorted((await consumer.offsets_for_times({each: time_ms for each in partitions})).items()))
        consumer.seek(partitions[0], 7)
        told.append((await consumer.getone()).offset)
        await consumer.seek_to_end()
        told.append([await consumer.position(each) for each in partitions])
        return told

    return await with_client(AIOKafkaConsumer(bootstrap_servers=bootstrap), act)


async def committed():
    topic, group = await topic_of('committed'), fresh('group')
    partition = TopicPartition(topic, 0)

    async def act(consumer):
        consumer.assign([partition])
        await consumer.commit({partition: OffsetAndMetadata(5, 'meta')})
        return await consumer.committed(partition)

    told = await with_client(AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False), act)
    listed = await administrated(lambda admin: admin.list_consumer_group_offsets(group))
    return told, sorted(listed.items())


async def together(count, is_static):
    topic, group = await topic_of('groups', 3), fresh('group')
    await write(topic, 60, 3)
    members = [AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset='earliest',
                                enable_auto_commit=False, heartbeat_interval_ms=300,
                                group_instance_id=f'instance-{at}' if is_static else None) for at in range(count)]
    await asyncio.gather(*[member.start() for member in members])
    found = set()

    async def consume(member):
        while len(found) < 60:
            for messages in (await member.getmany(timeout_ms=200)).values():
                found.update((each.partition, each.offset) for each in messages)

    await asyncio.gather(*[consume(member) for member in members])
    shares = sorted(len(member.assignment()) for member in members)
    await asyncio.gather(*[member.stop() for member in members])
    return len(found), shares


async def transactions():
    topic = await topic_of('transactions')

    async def act(producer):
        for word in ('a', 'b', 'c'):
            await producer.begin_transaction()
            await producer.send_and_wait(topic, word.encode(), partition=0)
            await (producer.abort_transaction() if word == 'b' else producer.commit_transaction())

    await with_client(AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=fresh('id')), act)
    return [each[:4] for each in await read(topic, 2, isolation_level='read_committed')]


async def headers():
    topic = await topic_of('headers')

    async def act(producer):
        await producer.send_and_wait(topic, b'x', timestamp_ms=START_MS + 123, headers=[('one', b'a'), ('one', b'b'), ('', b'')])

    await with_client(AIOKafkaProducer(bootstrap_servers=bootstrap), act)

    async def consume(consumer):
        consumer.assign([TopicPartition(topic, 0)])
        message = await consumer.getone()
        return message.headers, message.timestamp, message.timestamp_type, message.key

    return await with_client(AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset='earliest'), consume)


CASES = [
    ('admin', 'create, enlarge and delete topics', create_and_delete, ()),
    ('admin', 'delete records', delete_records, ()),
    *[('produce', f'acks {acks}', acknowledged, (acks,)) for acks in ('all', 1, 0)],
    ('produce', 'idempotent', idempotent, ()),
    ('consume', 'from the beginning, in order', in_order, ()),
    *[('compression', codec or 'none', compressed, (codec,)) for codec in (None, 'gzip', 'snappy', 'lz4', 'zstd')],
    ('groups', 'one member reads all', together, (1, False)),
    ('groups', 'three members share', together, (3, False)),
    ('groups', 'two static members share', together, (2, True)),
    ('transactions', 'committed is read, aborted is not', transactions, ()),
    ('headers', 'headers and times come back', headers, ()),
    ('offsets', 'first, last, by time, positions', positions, ()),
    ('offsets', 'committed and listed', committed, ()),
]
for area, name, act, arguments in CASES:
    case(area, name, lambda: asyncio.run(asyncio.wait_for(act(*arguments), 40)))
