// Apache Kafka's own clients for test/chaos: an idempotent producer, transactions, and a consumer group, all at once, until killed.
//   java -cp <jars of Apache Kafka> JavaClients.java <bootstrap> <topic> <topic of transactions> <partitions>
// Says on standard output what it was told, a line each:
//   acked <partition> <offset> <value> · committed <serial> · aborted <serial> · failed <who> · read <partition> <offset> <value>
// Producing ends with the end of standard input; the group reads on.
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class JavaClients {
  static final int PACE_MS = 25;
  static final int CONSUMERS = 2;
  static volatile boolean isOver = false;

  public static void main(String[] args) throws Exception {
    String bootstrap = args[0], topic = args[1], transactional = args[2];
    int partitions = Integer.parseInt(args[3]);
    Thread producer = new Thread(() -> produce(bootstrap, topic, partitions));
    Thread transactions = new Thread(() -> transact(bootstrap, transactional, partitions));
    producer.start();
    transactions.start();
    for (int i = 0; i < CONSUMERS; i++) new Thread(() -> consume(bootstrap, transactional)).start();
    while (System.in.read() >= 0) {}
    isOver = true;
    producer.join();
    transactions.join();
    say("produced");
  }

  static void say(String line) {
    synchronized (System.out) {
      System.out.println(line);
      System.out.flush();
    }
  }

  static Map<String, Object> common(String bootstrap) {
    Map<String, Object> common = new HashMap<>();
    common.put("bootstrap.servers", bootstrap);
    common.put("reconnect.backoff.max.ms", 300);
    common.put("request.timeout.ms", 3000);
    return common;
  }

  static KafkaProducer<String, String> producer(Map<String, Object> config) {
    config.put("acks", "all");
    config.put("delivery.timeout.ms", 30000);
    config.put("max.block.ms", 20000);
    return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
  }

  static void produce(String bootstrap, String topic, int partitions) {
    for (int serial = 0; !isOver; ) {
      try (var producer = producer(common(bootstrap))) {
        for (; !isOver; Thread.sleep(PACE_MS)) {
          String value = "java " + serial++;
          var told = producer.send(new ProducerRecord<>(topic, serial % partitions, null, value)).get(40, TimeUnit.SECONDS);
          say("acked " + told.partition() + " " + told.offset() + " " + value);
        }
      } catch (Exception error) {
        say("failed producer " + error);
      }
    }
  }

  /** Each transaction writes to all partitions; one in four is aborted. */
  static void transact(String bootstrap, String topic, int partitions) {
    for (int serial = 0; !isOver; serial++) {
      Map<String, Object> config = common(bootstrap);
      config.put("transactional.id", "chaos");
      config.put("transaction.timeout.ms", 10000);
      try (var producer = producer(config)) {
        producer.initTransactions();
        for (; !isOver; serial++, Thread.sleep(PACE_MS)) {
          producer.beginTransaction();
          for (int partition = 0; partition < partitions; partition++) {
            producer.send(new ProducerRecord<>(topic, partition, null, "transaction " + serial));
          }
          if (serial % 4 == 3) {
            producer.abortTransaction();
            say("aborted " + serial);
          } else {
            producer.commitTransaction();
            say("committed " + serial);
          }
        }
      } catch (Exception error) {
        say("failed transaction " + error);
      }
    }
  }

  static void consume(String bootstrap, String topic) {
    Map<String, Object> config = common(bootstrap);
    config.put("group.id", "chaos");
    config.put("enable.auto.commit", false);
    config.put("auto.offset.reset", "earliest");
    config.put("isolation.level", "read_committed");
    config.put("session.timeout.ms", 10000);
    config.put("default.api.timeout.ms", 20000);
    for (;;) {
      try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
        consumer.subscribe(List.of(topic));
        for (;;) {
          var records = consumer.poll(Duration.ofMillis(200));
          for (var record : records) say("read " + record.partition() + " " + record.offset() + " " + record.value());
          if (!records.isEmpty()) consumer.commitSync();
        }
      } catch (Exception error) {
        say("failed consumer " + error);
      }
    }
  }
}
