import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Dead letters (KIP-1191) as clients of Java see them. Each case works through a queue of its own until nothing of it is left, and prints
 * a line for each letter: its partition, key, value and headers, of whose names ~ stands for what all of them begin with.
 */
public final class DeadLetterDriver {
    private static final Duration POLL = Duration.ofMillis(500);
    private static final String ENABLE = "errors.deadletterqueue.group.enable";
    private static final String NAME = "errors.deadletterqueue.topic.name";
    private static final String COPY = "errors.deadletterqueue.copy.record.enable";
    private static final String CREATE = "errors.deadletterqueue.auto.create.topics.enable";
    private static final Map<String, String> ON = Map.of(ENABLE, "true");

    private final String bootstrap;
    private final Admin admin;

    private DeadLetterDriver(String bootstrap) {
        this.bootstrap = bootstrap;
        this.admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
    }

    public static void main(String[] args) throws Exception {
        var driver = new DeadLetterDriver(args[0]);
        driver.rejected();
        driver.copied();
        driver.released();
        driver.expired();
        driver.spread();
        driver.many();
        driver.without("not-enabled", "dlq.not-enabled", true);
        driver.without("other-name", "other-name.letters", false);
        driver.without("missing", "dlq.missing", false);
        driver.created();
        driver.internal();
        System.exit(0);
    }

    private void rejected() throws Exception {
        begin("rejected", 1, Map.of(NAME, "dlq.rejected"));
        create("dlq.rejected", 1, ON);
        produce("rejected", 0, "a", "b", "c");
        work("rejected", record -> record.value().equals("b") ? AcknowledgeType.REJECT : AcknowledgeType.ACCEPT);
        tell("rejected", "dlq.rejected");
    }

    private void copied() throws Exception {
        begin("copied", 1, Map.of(NAME, "dlq.copied", COPY, "true"));
        create("dlq.copied", 1, ON);
        produce("copied", 0, "a", null);
        work("copied", record -> AcknowledgeType.REJECT);
        tell("copied", "dlq.copied");
    }

    private void released() throws Exception {
        begin("released", 1, Map.of(NAME, "dlq.released", "share.delivery.count.limit", "2"));
        create("dlq.released", 1, ON);
        produce("released", 0, "a", "b");
        work("released", record -> record.value().equals("b") ? AcknowledgeType.RELEASE : AcknowledgeType.ACCEPT);
        tell("released", "dlq.released");
    }

    /** Two consumers that say nothing, one after the other. */
    private void expired() throws Exception {
        var limits = Map.of("share.delivery.count.limit", "2", "share.record.lock.duration.ms", "1000");
        begin("expired", 1, with(limits, NAME, "dlq.expired"));
        create("dlq.expired", 1, ON);
        produce("expired", 0, "a");
        try (var first = consumer("expired"); var second = consumer("expired")) {
            while (first.poll(POLL).isEmpty()) continue;
            while (second.poll(POLL).isEmpty()) continue;
            until("expired", () -> {});
        }
        tell("expired", "dlq.expired");
    }

    /** From three partitions to two. */
    private void spread() throws Exception {
        begin("spread", 3, Map.of(NAME, "dlq.spread", COPY, "true"));
        create("dlq.spread", 2, ON);
        for (int partition = 0; partition < 3; partition++) produce("spread", partition, "of " + partition);
        work("spread", record -> AcknowledgeType.REJECT);
        tell("spread", "dlq.spread");
    }

    private void many() throws Exception {
        begin("many", 1, Map.of(NAME, "dlq.many", COPY, "true"));
        create("dlq.many", 1, ON);
        produce("many", 0, IntStream.range(0, 300).mapToObj(i -> "value " + i).toArray(String[]::new));
        work("many", record -> record.offset() % 100 == 99 ? AcknowledgeType.REJECT : AcknowledgeType.ACCEPT);
        tell("many", "dlq.many");
    }

    /** Nothing stands in the way of the group, though its letters go nowhere. */
    private void without(String name, String queue, boolean isThere) throws Exception {
        begin(name, 1, Map.of(NAME, queue));
        if (isThere) create(queue, 1, Map.of());
        produce(name, 0, "a");
        work(name, record -> AcknowledgeType.REJECT);
        if (isThere) tell(name, queue);
        else say(name, admin.listTopics().names().get().contains(queue) ? "a queue" : "no queue");
    }

    /** The broker makes the queue. */
    private void created() throws Exception {
        configure(new ConfigResource(ConfigResource.Type.BROKER, ""), Map.of(CREATE, "true"));
        begin("created", 1, Map.of(NAME, "dlq.created"));
        produce("created", 0, "a");
        work("created", record -> AcknowledgeType.REJECT);
        tell("created", "dlq.created");
        var topic = new ConfigResource(ConfigResource.Type.TOPIC, "dlq.created");
        var configs = admin.describeConfigs(List.of(topic)).all().get().get(topic);
        for (var key : List.of(ENABLE, "message.timestamp.type", "cleanup.policy")) {
            say("created", key + "=" + configs.get(key).value() + " " + configs.get(key).source());
        }
        say("created", partitionsOf("dlq.created").size() + " partitions");
    }

    private void internal() throws Exception {
        try {
            configure(group("internal"), Map.of(NAME, "__internal"));
            say("internal", "taken");
        } catch (ExecutionException refused) {
            say("internal", refused.getCause().getClass().getSimpleName());
        }
    }

    /** A topic, and a group that reads it from its beginning. */
    private void begin(String name, int partitions, Map<String, String> configs) throws Exception {
        create(name, partitions, Map.of());
        configure(group(name), with(configs, "share.auto.offset.reset", "earliest"));
    }

    private void create(String topic, int partitions, Map<String, String> configs) throws Exception {
        admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(configs))).all().get();
    }

    private static ConfigResource group(String name) {
        return new ConfigResource(ConfigResource.Type.GROUP, name);
    }

    private void configure(ConfigResource resource, Map<String, String> configs) throws Exception {
        Collection<AlterConfigOp> ops = new ArrayList<>();
        configs.forEach((key, value) -> ops.add(new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET)));
        admin.incrementalAlterConfigs(Map.of(resource, ops)).all().get();
    }

    private void produce(String topic, int partition, String... values) throws Exception {
        var properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        try (var producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            for (var value : values) {
                var record = new ProducerRecord<>(topic, partition, "key of " + value, value);
                record.headers().add("own", "header".getBytes(StandardCharsets.UTF_8));
                producer.send(record).get();
            }
        }
    }

    private KafkaShareConsumer<String, String> consumer(String name) {
        var properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("group.id", name);
        properties.put("share.acknowledgement.mode", "explicit");
        var consumer = new KafkaShareConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
        consumer.subscribe(List.of(name));
        return consumer;
    }

    /** Says of each record what `outcome` does, until there are none. */
    private void work(String name, Function<ConsumerRecord<String, String>, AcknowledgeType> outcome) throws Exception {
        try (var consumer = consumer(name)) {
            until(name, () -> {
                consumer.poll(POLL).forEach(record -> consumer.acknowledge(record, outcome.apply(record)));
                consumer.commitSync();
            });
        }
    }

    /** Runs the step until the group is behind in nothing: what it rejected is written, or given up. */
    private void until(String name, Runnable step) throws Exception {
        var all = partitionsOf(name);
        for (long left = -1; left != 0;) {
            step.run();
            var offsets = admin.listShareGroupOffsets(Map.of(name, new ListShareGroupOffsetsSpec().topicPartitions(all)))
                    .partitionsToOffsetInfo(name).get();
            left = 0;
            for (var partition : all) {
                var offset = Optional.ofNullable(offsets.get(partition));
                left += Math.abs(offset.flatMap(info -> info.lag()).orElse(1L));
            }
        }
    }

    private List<TopicPartition> partitionsOf(String topic) throws Exception {
        int count = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size();
        List<TopicPartition> all = new ArrayList<>();
        for (int partition = 0; partition < count; partition++) all.add(new TopicPartition(topic, partition));
        return all;
    }

    /** All that stands in the queue, a partition after the other. */
    private void tell(String name, String queue) throws Exception {
        var properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        try (var consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            for (var partition : partitionsOf(queue)) {
                consumer.assign(List.of(partition));
                consumer.seekToBeginning(List.of(partition));
                long end = admin.listOffsets(Map.of(partition, OffsetSpec.latest())).all().get().get(partition).offset();
                while (consumer.position(partition) < end) consumer.poll(POLL).forEach(record -> say(name, letter(record)));
            }
        }
        say(name, "that is all");
    }

    private static String letter(ConsumerRecord<String, String> record) {
        var told = new StringBuilder();
        told.append(record.partition()).append(" ").append(record.key()).append(": ").append(record.value());
        told.append(" ").append(record.timestampType());
        for (var header : record.headers()) {
            told.append(" ").append(header.key().replace("__dlq.errors.", "~"));
            told.append("=").append(new String(header.value(), StandardCharsets.UTF_8));
        }
        return told.toString();
    }

    private static void say(String name, String what) {
        System.out.println(name + ": " + what);
    }

    private static Map<String, String> with(Map<String, String> configs, String key, String value) {
        var all = new HashMap<>(configs);
        all.put(key, value);
        return all;
    }
}
