import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;

/** Kafka Streams counts words, loses its state and restores it, with each guarantee: `WordCount bootstrap run directory`. */
public final class WordCount {
  private static String directory;
  private static Admin admin;

  public static void main(String[] arguments) throws Exception {
    Check.bootstrap = arguments[0];
    Check.run = arguments[1];
    directory = arguments[2];
    admin = Admin.create(Check.properties());
    Check.check("groups", "words are counted, at least once", () -> count("at_least_once", "classic"));
    Check.check("transactions", "words are counted, exactly once", () -> count("exactly_once_v2", "classic"));
    Check.check("groups", "a streams group counts words, at least once", () -> count("at_least_once", "streams"));
    Check.check("transactions", "a streams group counts words, exactly once", () -> count("exactly_once_v2", "streams"));
    System.exit(0);
  }

  private static Object count(String guarantee, String protocol) throws Exception {
    String in = Check.fresh("in");
    String out = Check.fresh("out");
    admin.createTopics(List.of(new NewTopic(in, 2, (short) 1), new NewTopic(out, 2, (short) 1))).all().get();
    Properties properties = Check.properties(
      "application.id", Check.fresh("count"), "state.dir", directory, "commit.interval.ms", "200",
      "num.stream.threads", "2", "processing.guarantee", guarantee, "auto.offset.reset", "earliest",
      "group.protocol", protocol);
    properties.put("default.key.serde", Serdes.StringSerde.class);
    properties.put("default.value.serde", Serdes.StringSerde.class);
    Topology topology = topology(in, out);
    KafkaStreams streams = new KafkaStreams(topology, properties);
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(Check.properties(), new StringSerializer(), new StringSerializer())) {
      streams.start();
      for (int at = 0; at < 300; at++) {
        producer.send(new ProducerRecord<>(in, "key-" + at % 5, "alpha beta-" + at % 3 + " gamma"));
      }
      producer.flush();
      Map<String, Long> first = awaitCounts(streams, 300);
      streams.close(Duration.ofSeconds(20));
      streams.cleanUp(); // the state comes back from its changelog
      streams = new KafkaStreams(topology, properties);
      streams.start();
      producer.send(new ProducerRecord<>(in, "key-1", "alpha")).get();
      return List.of(first, awaitCounts(streams, 301), topics(properties.getProperty("application.id")));
    } finally {
      streams.close(Duration.ofSeconds(20));
    }
  }

  private static Topology topology(String in, String out) {
    StreamsBuilder builder = new StreamsBuilder();
    KStream<String, String> lines = builder.stream(in);
    lines.flatMapValues(line -> List.of(line.split(" ")))
      .groupBy((key, word) -> word)
      .count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("counts"))
      .toStream().mapValues(String::valueOf).to(out);
    lines.repartition(Repartitioned.numberOfPartitions(3)).foreach((key, line) -> {});
    return builder.build();
  }

  private static Map<String, Long> awaitCounts(KafkaStreams streams, long alpha) throws Exception {
    Map<String, Long> counts = new TreeMap<>();
    Check.until(() -> {
      try (var all = streams.store(StoreQueryParameters.fromNameAndType("counts",
          QueryableStoreTypes.<String, Long>keyValueStore())).all()) {
        all.forEachRemaining(each -> counts.put(each.key, each.value));
      } catch (RuntimeException notYet) {
        return false; // the store is being assigned or restored
      }
      return counts.values().stream().mapToLong(Long::longValue).sum() == 900 + alpha - 300;
    });
    return counts;
  }

  /** The topics it made for itself, with their partitions and how they are cleaned. */
  private static Map<String, String> topics(String application) throws Exception {
    Map<String, String> told = new TreeMap<>();
    for (String topic : admin.listTopics().names().get()) {
      if (!topic.startsWith(application + "-")) continue;
      ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
      String policy = admin.describeConfigs(List.of(resource)).all().get().get(resource).get("cleanup.policy").value();
      int partitions = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size();
      told.put(topic, partitions + " " + policy);
    }
    return told;
  }

  private WordCount() {}
}
