// Apache Kafka's own clients for test/clients/exactly-once: copies a topic exactly once until it is killed.
//   java -cp <jars of Apache Kafka> Chain.java plain|streams <bootstrap> <input> <output> <group> <transactional id> <replicas>
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

public class Chain {
  public static void main(String[] args) throws Exception {
    if (args[0].equals("streams")) streams(args[1], args[2], args[3], args[4], Integer.parseInt(args[6]));
    else plain(args[1], args[2], args[3], args[4], args[5]);
  }

  /** Every transaction writes to both partitions of the output; one in four is aborted. */
  static void plain(String bootstrap, String input, String output, String group, String transactionalId) {
    Map<String, Object> common = Map.of("bootstrap.servers", bootstrap, "reconnect.backoff.max.ms", 200);
    Map<String, Object> producing = new HashMap<>(common);
    producing.put("transactional.id", transactionalId);
    producing.put("transaction.timeout.ms", 5000);
    Map<String, Object> consuming = new HashMap<>(common);
    consuming.put("group.id", group);
    consuming.put("enable.auto.commit", false);
    consuming.put("auto.offset.reset", "earliest");
    consuming.put("isolation.level", "read_committed");
    consuming.put("max.poll.records", 20);
    Random random = new Random();
    String instance = "j" + ProcessHandle.current().pid();
    try (var producer = new KafkaProducer<>(producing, new StringSerializer(), new StringSerializer());
        var consumer = new KafkaConsumer<>(consuming, new StringDeserializer(), new StringDeserializer())) {
      producer.initTransactions();
      consumer.subscribe(List.of(input));
      for (int serial = 0; ; serial++) {
        var records = consumer.poll(Duration.ofMillis(100));
        if (records.isEmpty()) continue;
        String tag = instance + "." + serial;
        producer.beginTransaction();
        long next = 0;
        int index = 0;
        for (int partition = 0; partition < 2; partition++) {
          producer.send(new ProducerRecord<>(output, partition, null, tag + ":"));
        }
        for (var record : records) {
          producer.send(new ProducerRecord<>(output, index++ % 2, null, tag + ":" + record.value()));
          next = record.offset() + 1;
        }
        TopicPartition from = new TopicPartition(input, 0);
        producer.sendOffsetsToTransaction(Map.of(from, new OffsetAndMetadata(next)), consumer.groupMetadata());
        if (random.nextInt(4) > 0) {
          producer.commitTransaction();
        } else {
          producer.abortTransaction();
          var committed = consumer.committed(java.util.Set.of(from)).get(from);
          consumer.seek(from, committed == null ? 0 : committed.offset());
        }
      }
    }
  }

  static void streams(String bootstrap, String input, String output, String group, int replicas) throws Exception {
    Properties properties = new Properties();
    properties.put("application.id", group);
    properties.put("bootstrap.servers", bootstrap);
    properties.put("processing.guarantee", "exactly_once_v2");
    properties.put("commit.interval.ms", 100);
    properties.put("auto.offset.reset", "earliest");
    properties.put("replication.factor", replicas);
    properties.put("transaction.timeout.ms", 5000);
    properties.put("state.dir", Files.createTempDirectory("exactly-once-streams").toString());
    properties.put("default.key.serde", Serdes.StringSerde.class);
    properties.put("default.value.serde", Serdes.StringSerde.class);
    StreamsBuilder builder = new StreamsBuilder();
    builder.<String, String>stream(input).mapValues(value -> ":" + value).to(output);
    KafkaStreams streams = new KafkaStreams(builder.build(), properties);
    streams.setUncaughtExceptionHandler(error -> StreamThreadExceptionResponse.REPLACE_THREAD);
    streams.start();
    Thread.sleep(Long.MAX_VALUE);
  }
}
