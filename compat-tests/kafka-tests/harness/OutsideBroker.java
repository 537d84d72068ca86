package ottla;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import kafka.server.KafkaBroker;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.MetadataRequest;
import org.apache.kafka.common.requests.MetadataResponse;
import org.apache.kafka.common.test.ClusterInstance;
import org.apache.kafka.coordinator.group.GroupCoordinator;
import org.apache.kafka.metadata.BrokerState;
import org.apache.kafka.metadata.LeaderAndIsr;
import org.apache.kafka.metadata.LeaderRecoveryState;
import org.apache.kafka.metadata.MetadataCache;
import org.apache.kafka.server.IntegrationTestUtils;

/** A broker as its port shows it: its settings, whether it runs, and what it answers to Metadata in the place of its cache. */
final class OutsideBroker {
    private final int id;
    private final Brokers brokers;
    private final ClusterInstance cluster;
    private final MetadataCache cache = (MetadataCache) Proxy.newProxyInstance(MetadataCache.class.getClassLoader(),
        new Class<?>[] {MetadataCache.class}, guarded(this::askCache));

    private OutsideBroker(int id, Brokers brokers, ClusterInstance cluster) {
        this.id = id;
        this.brokers = brokers;
        this.cluster = cluster;
    }

    static KafkaBroker of(int id, Brokers brokers, ClusterInstance cluster) {
        OutsideBroker broker = new OutsideBroker(id, brokers, cluster);
        return (KafkaBroker) Proxy.newProxyInstance(KafkaBroker.class.getClassLoader(), new Class<?>[] {KafkaBroker.class},
            guarded(broker::askBroker));
    }

    private Object askBroker(Method method, Object[] arguments) {
        return switch (method.getName()) {
            case "config" -> brokers.config(id);
            case "clusterId" -> cluster.clusterId();
            case "metadataCache" -> cache;
            case "groupCoordinator" -> Proxy.newProxyInstance(GroupCoordinator.class.getClassLoader(),
                new Class<?>[] {GroupCoordinator.class}, guarded(OutsideBroker::askCoordinator));
            case "socketServer" -> OutsideSocketServer.of(brokers.port(id));
            case "boundPort" -> brokers.port(id);
            case "isShutdown" -> !brokers.isUp(id);
            case "brokerState" -> brokers.isUp(id) ? BrokerState.RUNNING : BrokerState.NOT_RUNNING;
            case "shutdown" -> run(() -> brokers.shutdown(id));
            case "startup" -> run(() -> brokers.startAgain(id));
            // Whoever shuts a broker down here has waited for its end.
            case "awaitShutdown" -> null;
            default -> throw new Inside("KafkaBroker." + method.getName());
        };
    }

    /** How its topic is made is the same for all: compacted. */
    private static Object askCoordinator(Method method, Object[] arguments) {
        if (!method.getName().equals("groupMetadataTopicConfigs")) throw new Inside("GroupCoordinator." + method.getName());
        Properties settings = new Properties();
        settings.put("cleanup.policy", "compact");
        return settings;
    }

    private Object askCache(Method method, Object[] arguments) {
        return switch (method.getName()) {
            case "numPartitions" -> topic((String) arguments[0]).map(topic -> topic.partitions().size());
            case "getLeaderAndIsr" -> partition((String) arguments[0], (int) arguments[1]).map(OutsideBroker::leaderAndIsr);
            case "contains" -> arguments[0] instanceof TopicPartition at
                ? partition(at.topic(), at.partition()).isPresent() : topic((String) arguments[0]).isPresent();
            case "getTopicId" -> topic((String) arguments[0]).map(TopicDescription::topicId).orElse(Uuid.ZERO_UUID);
            case "getAllTopics" -> topicIds().keySet();
            case "topicNamesToIds" -> topicIds();
            case "getAliveBrokerNodes", "getBrokerNodes" -> nodes();
            case "hasAliveBroker" -> nodes().stream().anyMatch(node -> node.id() == (int) arguments[0]);
            case "getAliveBrokerNode" -> nodes().stream().filter(node -> node.id() == (int) arguments[0]).findFirst();
            default -> throw new Inside("MetadataCache." + method.getName());
        };
    }

    private List<Node> nodes() {
        if (isSecured()) return withAdmin(admin -> List.copyOf(admin.describeCluster().nodes().get()));
        return List.copyOf(metadata(MetadataRequest.Builder.forTopicNames(List.of(), false)).brokers());
    }

    private Map<String, Uuid> topicIds() {
        if (isSecured()) {
            return withAdmin(admin -> admin.listTopics(new ListTopicsOptions().listInternal(true)).listings().get().stream()
                .collect(Collectors.toMap(each -> each.name(), each -> each.topicId())));
        }
        return metadata(MetadataRequest.Builder.allTopics()).topicMetadata().stream()
            .collect(Collectors.toMap(each -> each.topic(), each -> each.topicId()));
    }

    private Optional<TopicDescription> topic(String name) {
        if (isSecured()) {
            return withAdmin(admin -> {
                try {
                    return Optional.of(admin.describeTopics(List.of(name)).topicNameValues().get(name).get());
                } catch (ExecutionException e) {
                    return Optional.empty();
                }
            });
        }
        MetadataResponse answer = metadata(MetadataRequest.Builder.forTopicNames(List.of(name), false));
        return answer.topicMetadata().stream().filter(each -> each.error() == Errors.NONE).findFirst()
            .map(each -> new TopicDescription(name, each.isInternal(),
                each.partitionMetadata().stream().map(at -> new TopicPartitionInfo(at.partition(),
                    at.leaderId.map(answer.brokersById()::get).orElse(null),
                    at.replicaIds.stream().map(replica -> new Node(replica, "", -1)).toList(),
                    at.inSyncReplicaIds.stream().map(replica -> new Node(replica, "", -1)).toList())).toList(),
                java.util.Set.of(), each.topicId()));
    }

    private Optional<TopicPartitionInfo> partition(String topic, int partition) {
        return topic(topic).flatMap(each -> each.partitions().stream().filter(at -> at.partition() == partition).findFirst());
    }

    /** Without its epochs, which no client is told all of. */
    private static LeaderAndIsr leaderAndIsr(TopicPartitionInfo partition) {
        int leader = partition.leader() == null ? LeaderAndIsr.NO_LEADER : partition.leader().id();
        return new LeaderAndIsr(leader, 0, partition.isr().stream().map(Node::id).toList(), LeaderRecoveryState.RECOVERED, 0);
    }

    private boolean isSecured() {
        return cluster.config().brokerSecurityProtocol() != SecurityProtocol.PLAINTEXT;
    }

    private MetadataResponse metadata(MetadataRequest.Builder asked) {
        try {
            return IntegrationTestUtils.connectAndReceive(asked.build((short) 12), brokers.port(id));
        } catch (java.io.IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private <T> T withAdmin(Question<T> question) {
        try (Admin admin = cluster.admin()) {
            return question.ask(admin);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object run(Runnable what) {
        what.run();
        return null;
    }

    private interface Question<T> {
        T ask(Admin admin) throws Exception;
    }

    private interface Answer {
        Object to(Method method, Object[] arguments);
    }

    /** With what every object has. */
    private static InvocationHandler guarded(Answer answer) {
        return (proxy, method, arguments) -> switch (method.getName()) {
            case "equals" -> proxy == arguments[0];
            case "hashCode" -> System.identityHashCode(proxy);
            case "toString" -> method.getDeclaringClass().getSimpleName() + " from outside";
            default -> answer.to(method, arguments);
        };
    }
}
