import static java.util.stream.Collectors.toList;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/** Consumers of one group in one thread: each is polled in turn until the group stands as it should. */
final class Rebalances {
  /** Two members get half of the partitions each; when one leaves, the other gets them all. */
  static String shareAndTakeOver(String topic, int partitions, String... settings) throws Exception {
    List<KafkaConsumer<String, String>> members = new ArrayList<>();
    String[] all = Stream.concat(Arrays.stream(settings), Stream.of("group.id", Check.fresh("group"))).toArray(String[]::new);
    for (int at = 0; at < 2; at++) {
      KafkaConsumer<String, String> member = Cases.consumer(all);
      member.subscribe(List.of(topic));
      members.add(member);
    }
    try {
      await(members, partitions / 2);
      List<Integer> shared = members.stream().map(each -> each.assignment().size()).collect(toList());
      members.remove(1).close();
      await(members, partitions);
      return shared + " " + members.get(0).assignment().size();
    } finally {
      members.forEach(KafkaConsumer::close);
    }
  }

  static void await(List<KafkaConsumer<String, String>> members, int each) throws Exception {
    Check.until(() -> {
      members.forEach(member -> member.poll(Duration.ofMillis(50)));
      return members.stream().allMatch(member -> member.assignment().size() == each);
    });
  }

  private Rebalances() {}
}
