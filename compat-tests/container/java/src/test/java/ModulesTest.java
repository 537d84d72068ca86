import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.testcontainers.kafka.ConfluentKafkaContainer;
import org.testcontainers.utility.DockerImageName;

/** Each container class of the module, with our image declared as a substitute for the one it expects. */
class ModulesTest {
  private static DockerImageName image(String insteadOf) {
    return DockerImageName.parse(System.getenv("OTTLA_IMAGE")).asCompatibleSubstituteFor(insteadOf);
  }

  @Test
  void apacheKafka() throws Exception {
    try (var kafka = new org.testcontainers.kafka.KafkaContainer(image("apache/kafka"))) {
      kafka.start();
      roundTrip(kafka.getBootstrapServers());
    }
  }

  @Test
  void confluentKafka() throws Exception {
    try (var kafka = new ConfluentKafkaContainer(image("confluentinc/cp-kafka"))) {
      kafka.start();
      roundTrip(kafka.getBootstrapServers());
    }
  }

  @Test
  @SuppressWarnings("deprecation")
  void olderClassWithKraft() throws Exception {
    try (var kafka = new org.testcontainers.containers.KafkaContainer(image("confluentinc/cp-kafka")).withKraft()) {
      kafka.start();
      roundTrip(kafka.getBootstrapServers());
    }
  }

  @Test
  @SuppressWarnings("deprecation")
  void olderClassWithZooKeeper() throws Exception {
    try (var kafka = new org.testcontainers.containers.KafkaContainer(image("confluentinc/cp-kafka")).withEmbeddedZookeeper()) {
      kafka.start();
      roundTrip(kafka.getBootstrapServers());
    }
  }

  private static void roundTrip(String servers) throws Exception {
    Map<String, Object> properties = Map.of(
        "bootstrap.servers", servers,
        "group.id", UUID.randomUUID().toString(),
        "auto.offset.reset", "earliest");
    try (var producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
        var consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
      producer.send(new ProducerRecord<>("greetings", "hello")).get();
      consumer.subscribe(List.of("greetings"));
      ConsumerRecords<String, String> records = ConsumerRecords.empty();
      for (int i = 0; i < 30 && records.isEmpty(); i++) {
        records = consumer.poll(Duration.ofSeconds(1));
      }
      System.out.println("read back: " + records.iterator().next().value());
    }
  }
}
