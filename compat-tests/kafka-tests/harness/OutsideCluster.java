package ottla;

import java.util.AbstractMap;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import kafka.server.ControllerServer;
import kafka.server.KafkaBroker;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.network.ListenerName;
import org.apache.kafka.common.test.ClusterInstance;
import org.apache.kafka.common.test.api.ClusterConfig;
import org.apache.kafka.common.test.api.Type;
import org.apache.kafka.server.authorizer.Authorizer;
import org.apache.kafka.server.common.Feature;
import org.apache.kafka.server.fault.FaultHandlerException;

/** A cluster as a test sees it that has its ports alone. What only the inside can tell throws {@link Inside}. */
public final class OutsideCluster implements ClusterInstance {
    private static final long PATIENCE_MS = 60_000;
    private final ClusterConfig config;
    private final boolean isCombined;
    private final Brokers brokers;
    private final Map<Integer, KafkaBroker> shown = new TreeMap<>();
    private boolean isStarted = false;
    private boolean isStopped = false;

    public OutsideCluster(ClusterConfig config, boolean isCombined) {
        this.config = config;
        this.isCombined = isCombined;
        brokers = "kafka".equals(System.getProperty("ottla.brokers"))
            ? new KafkaBrokers(config, isCombined) : new OttlaBrokers(config);
    }

    @Override
    public void start() {
        if (isStarted) return;
        isStarted = true;
        brokers.start();
        brokers.ids().forEach(id -> shown.put(id, OutsideBroker.of(id, brokers, this)));
        try {
            waitForReadyBrokers();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public boolean started() {
        return isStarted;
    }

    @Override
    public void stop() {
        if (isStopped) return;
        isStopped = true;
        brokers.stop();
    }

    @Override
    public boolean stopped() {
        return isStopped;
    }

    @Override
    public Type type() {
        return isCombined ? Type.CO_KRAFT : Type.KRAFT;
    }

    @Override
    public ClusterConfig config() {
        return config;
    }

    @Override
    public Map<Integer, KafkaBroker> brokers() {
        return shown;
    }

    @Override
    public Map<Integer, KafkaBroker> aliveBrokers() {
        return shown.entrySet().stream().filter(each -> brokers.isUp(each.getKey()))
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    @Override
    public Set<Integer> brokerIds() {
        return brokers.ids();
    }

    @Override
    public Set<Integer> controllerIds() {
        return brokers.controllerIds();
    }

    /** Each by its number; whoever goes through all of them finds none. */
    @Override
    public Map<Integer, ControllerServer> controllers() {
        return new AbstractMap<>() {
            @Override
            public Set<Entry<Integer, ControllerServer>> entrySet() {
                return Set.of();
            }

            @Override
            public ControllerServer get(Object id) {
                if (!controllerIds().contains(id)) throw new NoSuchElementException("controller " + id);
                return OutsideController.of(OutsideCluster.this);
            }

            @Override
            public Collection<ControllerServer> values() {
                return new HashSet<>() {
                    @Override
                    public Iterator<ControllerServer> iterator() {
                        return new NoController();
                    }
                };
            }
        };
    }

    @Override
    public ListenerName clientListener() {
        return config.brokerListenerName();
    }

    @Override
    public ListenerName controllerListenerName() {
        return config.controllerListenerName();
    }

    @Override
    public String bootstrapServers() {
        return brokers.ids().stream().map(id -> "localhost:" + brokers.port(id)).collect(Collectors.joining(","));
    }

    @Override
    public String bootstrapControllers() {
        return brokers.controllers();
    }

    @Override
    public List<Integer> brokerBoundPorts() {
        return brokers.ids().stream().map(brokers::port).toList();
    }

    @Override
    public List<Integer> controllerBoundPorts() {
        return List.of(brokers.controllers().split(",")).stream()
            .map(address -> Integer.valueOf(address.substring(address.lastIndexOf(':') + 1))).toList();
    }

    @Override
    public String clusterId() {
        try (Admin admin = admin()) {
            return admin.describeCluster().clusterId().get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Set<GroupProtocol> supportedGroupProtocols() {
        Map<String, String> settings = config.serverProperties();
        boolean isOn = settings.getOrDefault("group.coordinator.rebalance.protocols", "consumer").contains("consumer")
            && config.features().getOrDefault(Feature.GROUP_VERSION, (short) 1) > 0;
        return isOn ? Set.of(GroupProtocol.CLASSIC, GroupProtocol.CONSUMER) : Set.of(GroupProtocol.CLASSIC);
    }

    @Override
    public Optional<FaultHandlerException> firstFatalException() {
        return Optional.empty();
    }

    @Override
    public Optional<FaultHandlerException> firstNonFatalException() {
        return Optional.empty();
    }

    @Override
    public void shutdownBroker(int brokerId) {
        brokers.shutdown(brokerId);
    }

    @Override
    public void startBroker(int brokerId) {
        brokers.startAgain(brokerId);
    }

    @Override
    public void waitForReadyBrokers() throws InterruptedException {
        waitFor(() -> aliveBrokers().values().stream().allMatch(broker ->
            broker.metadataCache().getAliveBrokerNodes(clientListener()).size() == aliveBrokers().size()),
            "brokers do not know one another");
    }

    @Override
    public void waitTopicCreation(String topic, int partitions) throws InterruptedException {
        waitFor(() -> aliveBrokers().values().stream().allMatch(broker ->
            broker.metadataCache().numPartitions(topic).equals(Optional.of(partitions))),
            topic + " is not at every broker");
    }

    @Override
    public void waitTopicDeletion(String topic) throws InterruptedException {
        waitFor(() -> aliveBrokers().values().stream().allMatch(broker ->
            broker.metadataCache().numPartitions(topic).isEmpty()),
            topic + " is still there");
    }

    /** Until every broker tells of the same topics. */
    @Override
    public void ensureConsistentMetadata() throws InterruptedException {
        waitFor(() -> aliveBrokers().values().stream()
            .map(broker -> broker.metadataCache().topicNamesToIds()).distinct().count() <= 1,
            "brokers tell of different topics");
    }

    @Override
    public void ensureConsistentMetadata(Collection<KafkaBroker> brokers, Collection<ControllerServer> controllers)
        throws InterruptedException {
        ensureConsistentMetadata();
    }

    @Override
    public List<Authorizer> authorizers() {
        throw new Inside("authorizers");
    }

    @Override
    public void waitAcls(AclBindingFilter filter, Collection<AccessControlEntry> entries) throws InterruptedException {
        try (Admin admin = admin()) {
            waitFor(() -> {
                try {
                    return new HashSet<>(entries).equals(admin.describeAcls(filter).values().get().stream()
                        .map(AclBinding::entry).collect(Collectors.toSet()));
                } catch (InterruptedException | ExecutionException e) {
                    throw new IllegalStateException(e);
                }
            }, "the ACLs are not " + entries);
        }
    }

    /** @throws AssertionError where it does not come true within a minute */
    public static void waitFor(Supplier<Boolean> condition, String message) throws InterruptedException {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        while (!condition.get()) {
            if (System.currentTimeMillis() > deadline) throw new AssertionError(message);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    /** Has none; whoever asks for one all the same is told why. */
    private static final class NoController implements Iterator<ControllerServer> {
        @Override
        public boolean hasNext() {
            return false;
        }

        @Override
        public ControllerServer next() {
            throw new Inside("a controller");
        }
    }
}
