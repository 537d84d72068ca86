package ottla;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.TopicListing;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.metadata.KRaftMetadataCache;
import org.apache.kafka.metadata.LeaderAndIsr;
import org.apache.kafka.metadata.LeaderRecoveryState;

/** Topics as an admin client sees them, for tests that look into a broker's cache. */
final class AdminMetadata {
    private final Supplier<Admin> admin;

    AdminMetadata(Supplier<Admin> admin) {
        this.admin = admin;
    }

    KRaftMetadataCache inside() {
        return Answering.of(KRaftMetadataCache.class, Map.of(
            "numPartitions", arguments -> described((String) arguments[0]).map(topic -> topic.partitions().size()),
            "contains", arguments -> described(String.valueOf(arguments[0])).isPresent(),
            "getLeaderAndIsr", arguments -> leader((String) arguments[0], (Integer) arguments[1]),
            "getAliveBrokerNodes", none -> nodes(),
            "getBrokerNodes", none -> nodes(),
            "hasAliveBroker", arguments -> nodes().stream().anyMatch(node -> node.id() == (Integer) arguments[0]),
            "getAllTopics", none -> topicIds().keySet(),
            "topicNamesToIds", none -> topicIds(),
            "getTopicId", arguments -> topicIds().getOrDefault((String) arguments[0], Uuid.ZERO_UUID)));
    }

    Map<String, Uuid> topicIds() {
        var listed = asked(admin.get().listTopics(new ListTopicsOptions().listInternal(true)).listings()).orElseThrow();
        return listed.stream().collect(Collectors.toMap(TopicListing::name, TopicListing::topicId));
    }

    private Optional<TopicDescription> described(String topic) {
        return asked(admin.get().describeTopics(List.of(topic)).topicNameValues().get(topic));
    }

    private Optional<LeaderAndIsr> leader(String topic, int partition) {
        return described(topic)
            .flatMap(found -> found.partitions().stream().filter(each -> each.partition() == partition).findFirst())
            .map(found -> new LeaderAndIsr(
                found.leader() == null ? -1 : found.leader().id(), 0, found.isr().stream().map(Node::id).toList(), LeaderRecoveryState.RECOVERED, 0));
    }

    private List<Node> nodes() {
        return List.copyOf(asked(admin.get().describeCluster().nodes()).orElseThrow());
    }

    private static <T> Optional<T> asked(KafkaFuture<T> future) {
        try {
            return Optional.of(future.get());
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof UnknownTopicOrPartitionException) return Optional.empty();
            throw new IllegalStateException(failed);
        } catch (InterruptedException stopped) {
            throw new IllegalStateException(stopped);
        }
    }
}
