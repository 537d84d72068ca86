import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Java's share consumer: accepts what is fine, releases what is to come again once, rejects the rest; `renew` renews first. */
public final class ShareDriver {
    public static void main(String[] args) {
        String mode = args[3];
        boolean isImplicit = mode.equals("implicit");
        Properties properties = new Properties();
        properties.put("bootstrap.servers", args[0]);
        properties.put("group.id", args[1]);
        properties.put("share.acknowledgement.mode", isImplicit ? "implicit" : "explicit");
        properties.put("share.acquire.mode", mode.equals("record_limit") ? "record_limit" : "batch_optimized");
        properties.put("max.poll.records", mode.equals("record_limit") ? "1" : "500");
        Set<String> left = new HashSet<>(isImplicit ? List.of("fine") : List.of("fine", "again", "poison"));
        Set<String> released = new HashSet<>();
        try (var consumer =
                new KafkaShareConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(args[2]));
            while (!left.isEmpty()) {
                List<ConsumerRecord<String, String>> records = new ArrayList<>();
                consumer.poll(Duration.ofSeconds(1)).forEach(records::add);
                if (mode.equals("renew") && !records.isEmpty()) {
                    records.forEach(record -> consumer.acknowledge(record, AcknowledgeType.RENEW));
                    check(consumer.commitSync());
                    consumer.poll(Duration.ofMillis(100));
                }
                for (var record : records) {
                    System.out.println(record.value());
                    if (isImplicit) left.remove(record.value());
                    else acknowledge(consumer, record, left, released);
                }
                check(consumer.commitSync());
            }
        }
        System.exit(0);
    }

    private static void acknowledge(
            KafkaShareConsumer<String, String> consumer,
            ConsumerRecord<String, String> record,
            Set<String> left,
            Set<String> released) {
        String value = record.value();
        if (value.equals("again") && released.add(value)) {
            consumer.acknowledge(record, AcknowledgeType.RELEASE);
            return;
        }
        left.remove(value);
        consumer.acknowledge(record, value.equals("poison") ? AcknowledgeType.REJECT : AcknowledgeType.ACCEPT);
    }

    private static void check(Map<?, ? extends java.util.Optional<? extends Exception>> outcomes) {
        outcomes.values().forEach(outcome -> outcome.ifPresent(failure -> {
            throw new IllegalStateException(failure);
        }));
    }
}
