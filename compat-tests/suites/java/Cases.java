import static java.util.stream.Collectors.toList;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The cases that every Java client since 2.1 can do: `Cases bootstrap run`. */
public final class Cases {
  static AdminClient admin;

  public static void main(String[] arguments) throws Exception {
    Check.bootstrap = arguments[0];
    Check.run = arguments[1];
    admin = AdminClient.create(Check.properties());
    topics();
    configurations();
    produce();
    compression();
    consume();
    groups();
    transactions();
    headers();
    offsets();
    for (String more : List.of("NewerCases", "LatestCases")) {
      try {
        Class.forName(more).getDeclaredMethod("run").invoke(null);
      } catch (ClassNotFoundException absent) {
        // an older client, for which they were not compiled
      }
    }
    System.exit(0);
  }

  static String topic(String word, int partitions) throws Exception {
    String topic = Check.fresh(word);
    admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
    // Kafka's broker learns of a topic a moment after its controller has made it.
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    Check.until(() -> !Check.outcome(admin.describeConfigs(List.of(resource)).all()).startsWith("Unknown"));
    return topic;
  }

  static KafkaProducer<String, String> producer(String... pairs) {
    return new KafkaProducer<>(Check.properties(pairs), new StringSerializer(), new StringSerializer());
  }

  static KafkaConsumer<String, String> consumer(String... pairs) {
    Properties properties = Check.properties(pairs);
    properties.putIfAbsent("auto.offset.reset", "earliest");
    properties.putIfAbsent("enable.auto.commit", "false");
    return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
  }

  /** Writes value-0, value-1, … to one partition after the other. */
  static RecordMetadata write(String topic, int partitions, int count, String... pairs) throws Exception {
    try (KafkaProducer<String, String> producer = producer(pairs)) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (int at = 0; at < count; at++) {
        long timestamp = 1_700_000_000_000L + at * 10;
        sent.add(producer.send(new ProducerRecord<>(topic, at % partitions, timestamp, "key-" + at, "value-" + at)));
      }
      for (Future<RecordMetadata> each : sent) each.get();
      return sent.get(count - 1).get();
    }
  }

  static List<TopicPartition> partitions(String topic, int count) {
    return IntStream.range(0, count).mapToObj(at -> new TopicPartition(topic, at)).collect(toList());
  }

  /** Polls until there are `count` records. */
  static List<ConsumerRecord<String, String>> read(KafkaConsumer<String, String> consumer, int count) throws Exception {
    List<ConsumerRecord<String, String>> records = new ArrayList<>();
    Check.until(() -> {
      consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      return records.size() >= count;
    });
    return records;
  }

  static List<String> values(List<ConsumerRecord<String, String>> records) {
    return records.stream().map(record -> record.offset() + ":" + record.value()).collect(toList());
  }

  static void topics() {
    String topic = Check.fresh("admin");
    Check.check("admin", "create a topic", () ->
      Check.outcome(admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1))).all()));
    Check.check("admin", "create it again", () ->
      Check.outcome(admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1))).all()));
    Check.check("admin", "create what cannot be", () -> {
      List<String> told = new ArrayList<>();
      for (NewTopic each : List.of(
          new NewTopic("a b", 1, (short) 1),
          new NewTopic(topic + "x", 0, (short) 1),
          new NewTopic(topic + "x", 1, (short) 9),
          new NewTopic(topic + "x", 1, (short) 1).configs(Map.of("retention.ms", "x")),
          new NewTopic(topic + "x", 1, (short) 1).configs(Map.of("no.such.key", "1")),
          new NewTopic(topic + "x", Map.of(0, List.of(1), 1, List.of(7))))) {
        told.add(Check.outcome(admin.createTopics(List.of(each)).all()));
      }
      return told;
    });
    Check.check("admin", "only check a creation", () -> {
      CreateTopicsOptions options = new CreateTopicsOptions().validateOnly(true);
      String told = Check.outcome(admin.createTopics(List.of(new NewTopic(topic + "v", 1, (short) 1)), options).all());
      return told + admin.listTopics().names().get().contains(topic + "v");
    });
    Check.check("admin", "describe topics", () -> {
      Map<String, String> told = new TreeMap<>();
      for (var each : byName(admin.describeTopics(List.of(topic, topic + "none", "a b"))).entrySet()) {
        told.put(each.getKey(), Check.outcome(() -> ((TopicDescription) each.getValue().get()).partitions().size()));
      }
      return told;
    });
    Check.check("admin", "describe the cluster", () -> {
      var cluster = admin.describeCluster();
      return cluster.nodes().get().size() + " " + cluster.controller().get().id() + cluster.clusterId().get().isEmpty();
    });
    Check.check("admin", "add partitions", () -> {
      List<String> told = new ArrayList<>();
      for (NewPartitions each : List.of(
          NewPartitions.increaseTo(4),
          NewPartitions.increaseTo(3),
          NewPartitions.increaseTo(5, List.of(List.of(1))),
          NewPartitions.increaseTo(7, List.of(List.of(9), List.of(1))))) {
        told.add(Check.outcome(admin.createPartitions(Map.of(topic, each)).all()));
      }
      told.add(Check.outcome(admin.createPartitions(Map.of(topic + "none", NewPartitions.increaseTo(4))).all()));
      return told;
    });
    Check.check("admin", "delete records", () -> {
      String own = topic("records", 3);
      write(own, 3, 30);
      Map<String, String> told = new TreeMap<>();
      admin.deleteRecords(Map.of(
          new TopicPartition(own, 0), RecordsToDelete.beforeOffset(4),
          new TopicPartition(own, 1), RecordsToDelete.beforeOffset(-1),
          new TopicPartition(own, 2), RecordsToDelete.beforeOffset(9999)))
        .lowWatermarks()
        .forEach((partition, mark) -> told.put(partition.toString(), Check.outcome(() -> mark.get().lowWatermark())));
      return told;
    });
    Check.check("admin", "delete topics", () -> {
      Map<String, String> told = new TreeMap<>();
      for (var each : byName(admin.deleteTopics(List.of(topic, topic + "none"))).entrySet()) {
        told.put(each.getKey(), Check.outcome(each.getValue()));
      }
      return told;
    });
  }

  /** The answers by topic: the client has renamed the method. */
  @SuppressWarnings("unchecked")
  static Map<String, KafkaFuture<?>> byName(Object result) throws ReflectiveOperationException {
    String method = Arrays.stream(result.getClass().getMethods()).anyMatch(each -> each.getName().equals("topicNameValues"))
      ? "topicNameValues" : "values";
    return (Map<String, KafkaFuture<?>>) result.getClass().getMethod(method).invoke(result);
  }

  static void configurations() {
    Check.check("admin", "configurations of a topic", () -> {
      ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic("configured", 1));
      return admin.describeConfigs(List.of(resource)).all().get().get(resource).entries().stream()
        .filter(entry -> !entry.name().equals("min.insync.replicas")) // Kafka's own differs by how it was formatted
        .map(entry -> entry.name() + "=" + entry.value() + " " + entry.source() + entry.isReadOnly() + entry.isSensitive())
        .sorted().collect(toList());
    });
    Check.check("admin", "names of the broker's configurations", () -> {
      String node = String.valueOf(admin.describeCluster().controller().get().id());
      ConfigResource resource = new ConfigResource(ConfigResource.Type.BROKER, node);
      return admin.describeConfigs(List.of(resource)).all().get().get(resource).entries().stream()
        .map(ConfigEntry::name).sorted().collect(toList()).hashCode();
    });
  }

  static void produce() {
    for (String acks : List.of("all", "1", "0")) {
      Check.check("produce", "acks " + acks, () -> {
        String topic = topic("acks", 2);
        RecordMetadata last = write(topic, 2, 30, "acks", acks, "enable.idempotence", "false", "linger.ms", "5");
        try (KafkaConsumer<String, String> consumer = consumer()) {
          consumer.assign(partitions(topic, 2));
          return last.hasOffset() + " " + last.timestamp() + " " + read(consumer, 30).size();
        }
      });
    }
    Check.check("produce", "idempotent", () -> {
      String topic = topic("idempotent", 1);
      return write(topic, 1, 200, "enable.idempotence", "true", "acks", "all", "batch.size", "100").offset();
    });
    Check.check("produce", "too large a record", () -> {
      String topic = topic("large", 1);
      char[] large = new char[2_000_000];
      Arrays.fill(large, 'x');
      try (KafkaProducer<String, String> producer = producer("max.request.size", "9000000")) {
        return Check.outcome(() -> producer.send(new ProducerRecord<>(topic, new String(large))).get());
      }
    });
    Check.check("produce", "to a partition that is not there", () -> {
      String topic = topic("partition", 1);
      try (KafkaProducer<String, String> producer = producer("max.block.ms", "2000")) {
        return Check.outcome(() -> producer.send(new ProducerRecord<>(topic, 7, "k", "v")).get());
      }
    });
    Check.check("produce", "no key to a compacted topic", () -> {
      String topic = Check.fresh("compacted");
      NewTopic compacted = new NewTopic(topic, 1, (short) 1).configs(Map.of("cleanup.policy", "compact"));
      admin.createTopics(List.of(compacted)).all().get();
      try (KafkaProducer<String, String> producer = producer("retries", "0", "enable.idempotence", "false")) {
        return Check.outcome(() -> producer.send(new ProducerRecord<>(topic, "v")).get());
      }
    });
  }

  static void compression() {
    List<String> codecs = List.of("none", "gzip", "snappy", "lz4", "zstd");
    for (String codec : codecs) {
      Check.check("compression", codec, () -> {
        String topic = topic(codec, 1);
        write(topic, 1, 100, "compression.type", codec, "linger.ms", "50");
        try (KafkaConsumer<String, String> consumer = consumer()) {
          consumer.assign(partitions(topic, 1));
          return values(read(consumer, 100));
        }
      });
    }
  }

  static void consume() throws Exception {
    String topic = topic("consume", 3);
    List<TopicPartition> all = partitions(topic, 3);
    write(topic, 3, 60);
    Check.check("consume", "from the beginning, in order", () -> {
      try (KafkaConsumer<String, String> consumer = consumer()) {
        consumer.assign(all);
        Map<Integer, List<String>> told = new TreeMap<>();
        for (ConsumerRecord<String, String> each : read(consumer, 60)) {
          told.computeIfAbsent(each.partition(), none -> new ArrayList<>())
            .add(each.offset() + each.key() + each.value() + each.timestamp() + each.timestampType() + each.leaderEpoch());
        }
        return told;
      }
    });
    Check.check("consume", "seek, pause and positions", () -> {
      try (KafkaConsumer<String, String> consumer = consumer()) {
        consumer.assign(all);
        consumer.seek(all.get(1), 7);
        consumer.pause(List.of(all.get(0), all.get(2)));
        List<String> some = values(read(consumer, 13));
        consumer.seekToEnd(all);
        return some + " " + all.stream().map(consumer::position).collect(toList());
      }
    });
    Check.check("consume", "an offset out of range", () -> {
      try (KafkaConsumer<String, String> consumer = consumer("auto.offset.reset", "none")) {
        consumer.assign(all.subList(0, 1));
        consumer.seek(all.get(0), 10_000);
        return Check.outcome(() -> read(consumer, 1));
      }
    });
    Check.check("consume", "a topic with an impossible name", () -> {
      try (KafkaConsumer<String, String> consumer = consumer("group.id", Check.fresh("group"))) {
        consumer.subscribe(List.of("a b"));
        return Check.outcome(() -> read(consumer, 1));
      }
    });
    Check.check("consume", "topics and partitions", () -> {
      try (KafkaConsumer<String, String> consumer = consumer()) {
        return consumer.partitionsFor(topic).size() + " " + consumer.listTopics().containsKey(topic);
      }
    });
  }

  static void groups() throws Exception {
    String topic = topic("groups", 4);
    write(topic, 4, 40);
    for (String assignor : List.of("RangeAssignor", "RoundRobinAssignor", "StickyAssignor")) {
      Check.check("groups", "two members share, one takes over, " + assignor, () ->
        Rebalances.shareAndTakeOver(topic, 4, "partition.assignment.strategy",
          "org.apache.kafka.clients.consumer." + assignor, "heartbeat.interval.ms", "300"));
    }
    Check.check("groups", "goes on where it committed", () -> {
      String group = Check.fresh("group");
      List<Integer> told = new ArrayList<>();
      for (int turn = 0; turn < 2; turn++) {
        write(topic, 4, 20);
        try (KafkaConsumer<String, String> consumer = consumer("group.id", group)) {
          consumer.subscribe(List.of(topic));
          told.add(read(consumer, turn == 0 ? 60 : 20).size());
          consumer.commitSync();
        }
      }
      return told;
    });
    Check.check("groups", "delete groups", () -> {
      String group = Check.fresh("group");
      try (KafkaConsumer<String, String> consumer = consumer("group.id", group)) {
        consumer.commitSync(Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(1)));
      }
      Map<String, String> told = new TreeMap<>();
      for (var each : admin.deleteConsumerGroups(List.of(group, group + "none")).deletedGroups().entrySet()) {
        told.put(each.getKey(), Check.outcome(each.getValue()));
      }
      return told;
    });
  }

  static void transactions() {
    Check.check("transactions", "committed is read, aborted is not", () -> {
      String topic = topic("transactions", 2);
      try (KafkaProducer<String, String> producer = producer("transactional.id", Check.fresh("id"))) {
        producer.initTransactions();
        for (String word : List.of("a", "b", "c")) {
          producer.beginTransaction();
          for (int at = 0; at < 2; at++) producer.send(new ProducerRecord<>(topic, at, word, word + at));
          if (word.equals("b")) {
            producer.flush();
            producer.abortTransaction();
          } else {
            producer.commitTransaction();
          }
        }
      }
      try (KafkaConsumer<String, String> consumer = consumer("isolation.level", "read_committed")) {
        consumer.assign(partitions(topic, 2));
        List<String> values = values(read(consumer, 4));
        Collections.sort(values);
        return values;
      }
    });
    Check.check("transactions", "a younger producer fences the older", () -> {
      String topic = topic("fenced", 1);
      String id = Check.fresh("id");
      try (KafkaProducer<String, String> old = producer("transactional.id", id);
          KafkaProducer<String, String> young = producer("transactional.id", id)) {
        old.initTransactions();
        old.beginTransaction();
        old.send(new ProducerRecord<>(topic, "left open")).get();
        young.initTransactions();
        young.beginTransaction();
        young.send(new ProducerRecord<>(topic, "young")).get();
        String told = Check.outcome(() -> {
          old.commitTransaction();
          return "committed";
        });
        young.commitTransaction();
        return told;
      }
    });
  }

  static void headers() {
    Check.check("headers", "headers and times come back", () -> {
      String topic = topic("headers", 1);
      try (KafkaProducer<String, String> producer = producer()) {
        ProducerRecord<String, String> record = new ProducerRecord<>(topic, 0, 1_700_000_000_123L, null, (String) null);
        record.headers().add("one", "a".getBytes()).add("one", "b".getBytes()).add("null", null).add("", new byte[0]);
        producer.send(record).get();
      }
      try (KafkaConsumer<String, String> consumer = consumer()) {
        consumer.assign(partitions(topic, 1));
        ConsumerRecord<String, String> record = read(consumer, 1).get(0);
        List<String> told = new ArrayList<>();
        record.headers().forEach(header ->
          told.add(header.key() + "=" + (header.value() == null ? "null" : new String(header.value()))));
        return told + " " + record.timestamp() + record.key() + record.value();
      }
    });
    Check.check("headers", "the broker's own time", () -> {
      String topic = Check.fresh("appended");
      NewTopic appended = new NewTopic(topic, 1, (short) 1).configs(Map.of("message.timestamp.type", "LogAppendTime"));
      admin.createTopics(List.of(appended)).all().get();
      long before = System.currentTimeMillis();
      RecordMetadata last = write(topic, 1, 3);
      try (KafkaConsumer<String, String> consumer = consumer()) {
        consumer.assign(partitions(topic, 1));
        ConsumerRecord<String, String> record = read(consumer, 3).get(2);
        boolean isNow = record.timestamp() >= before && record.timestamp() <= System.currentTimeMillis();
        return record.timestampType() + " " + isNow + (last.timestamp() == record.timestamp());
      }
    });
  }

  static void offsets() throws Exception {
    String topic = topic("offsets", 2);
    List<TopicPartition> all = partitions(topic, 2);
    write(topic, 1, 10);
    Check.check("offsets", "first, last and by time", () -> {
      try (KafkaConsumer<String, String> consumer = consumer()) {
        Map<TopicPartition, Long> times = new HashMap<>();
        all.forEach(each -> times.put(each, 1_700_000_000_035L));
        Map<TopicPartition, Long> later = new HashMap<>();
        all.forEach(each -> later.put(each, 4_000_000_000_000L));
        return List.of(Check.sorted(consumer.beginningOffsets(all)), Check.sorted(consumer.endOffsets(all)),
          Check.sorted(consumer.offsetsForTimes(times)), Check.sorted(consumer.offsetsForTimes(later)));
      }
    });
    Check.check("offsets", "committed with metadata", () -> {
      String group = Check.fresh("group");
      try (KafkaConsumer<String, String> consumer = consumer("group.id", group)) {
        consumer.commitSync(Map.of(all.get(0), new OffsetAndMetadata(5, "méta"), all.get(1), new OffsetAndMetadata(7)));
      }
      return Check.sorted(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get());
    });
    Check.check("offsets", "too much metadata", () -> {
      char[] much = new char[5000];
      Arrays.fill(much, 'm');
      try (KafkaConsumer<String, String> consumer = consumer("group.id", Check.fresh("group"))) {
        return Check.outcome(() -> {
          consumer.commitSync(Map.of(all.get(0), new OffsetAndMetadata(5, new String(much))));
          return "committed";
        });
      }
    });
  }

  private Cases() {}
}
