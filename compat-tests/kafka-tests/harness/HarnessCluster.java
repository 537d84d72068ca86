package ottla;

import com.yammer.metrics.core.Gauge;
import com.yammer.metrics.core.Histogram;
import com.yammer.metrics.core.MetricName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import kafka.network.SocketServer;
import kafka.raft.KafkaRaftManager;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaConfig;
import kafka.utils.TestUtils;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.controller.Controller;
import org.apache.kafka.controller.ResultOrError;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.raft.LogOffsetMetadata;
import org.apache.kafka.raft.RaftLog;
import org.apache.kafka.server.metrics.KafkaYammerMetrics;
import org.apache.kafka.server.quota.QuotaType;
import scala.Option;

/** The brokers of one test. */
public final class HarnessCluster implements AutoCloseable {
    static final boolean IS_OTTLA = !"kafka".equals(System.getProperty("ottla.brokers"));

    private final Supplier<Formatter> formatter;
    private final List<HarnessBroker> brokers = new ArrayList<>();
    private final String prefix = "/" + UUID.randomUUID();
    private final String clusterId = Uuid.randomUuid().toString();
    private int controllerPort;
    private int controllerId;

    /** @param formatter makes what a test asks of `kafka-storage format` */
    public HarnessCluster(Supplier<Formatter> formatter) {
        this.formatter = formatter;
    }

    /** @param count how many brokers there will be */
    public BrokerServer broker(KafkaConfig config, int count) {
        try {
            var isFirst = brokers.isEmpty();
            if (isFirst) {
                controllerPort = Ports.free();
                controllerId = config.nodeId();
            }
            var settings = new HarnessSettings(config, IS_OTTLA, controllerId + "@localhost:" + controllerPort);
            if (IS_OTTLA && count > 1) settings.addEtcd(prefix, Ports.free());
            if (!IS_OTTLA && isFirst) settings.addController(controllerPort);
            format(config, settings);
            var broker = new HarnessBroker(config, settings, IS_OTTLA ? new OttlaPeer() : new KafkaPeer());
            brokers.add(broker);
            if (IS_OTTLA && isFirst) tellOfAll();
            return broker.inside();
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** What tests read from a registry that all brokers in the JVM share. */
    private void tellOfAll() {
        KafkaYammerMetrics.defaultRegistry().newGauge(new MetricName("kafka.network", "SocketServer", "ExpiredConnectionsKilledCount"),
            new Gauge<Double>() {
                @Override
                public Double value() {
                    return brokers.stream().mapToDouble(HarnessBroker::expiredConnections).sum();
                }
            });
        throttles(QuotaType.PRODUCE.toString());
        throttles(QuotaType.FETCH.toString());
    }

    /** @param quota as Kafka names its metrics */
    static Histogram throttles(String quota) {
        var request = quota.equals(QuotaType.FETCH.toString()) ? "FetchConsumer" : quota;
        var bean = "kafka.network:type=RequestMetrics,name=ThrottleTimeMs,request=" + request;
        return KafkaYammerMetrics.defaultRegistry().newHistogram(new MetricName("kafka.network", "RequestMetrics", "ThrottleTimeMs", null, bean), true);
    }

    private void format(KafkaConfig config, HarnessSettings settings) throws Exception {
        var made = formatter.get().setNodeId(config.nodeId()).setControllerListenerName("CONTROLLER");
        if (made.clusterId() == null) made.setClusterId(clusterId);
        config.logDirs().forEach(made::addDirectory);
        var metadata = settings.all.get("metadata.log.dir");
        if (metadata != null) made.addDirectory(metadata).setMetadataLogDirectory(metadata);
        made.setIgnoreFormatted(true).run();
    }

    /** For classes that stand in the places of Kafka's. */
    public static RuntimeException inside(String what) {
        return new Inside(what);
    }

    public ControllerServer controller() {
        return Answering.of(ControllerServer.class, Map.of(
            "authorizerPlugin", none -> Option.apply(brokers.get(0).authorizer()),
            "quotaManagers", none -> brokers.get(0).quotas().managers(),
            // What tests ask a controller they may ask a broker, too.
            "socketServer", none -> Answering.of(SocketServer.class, Map.of("boundPort", all -> brokers.get(0).clientPort())),
            "controller", none -> Answering.of(Controller.class, Map.of(
                "isActive", all -> true,
                "findAllTopicIds", all -> CompletableFuture.completedFuture(brokers.get(0).metadata().topicIds()),
                "findTopicIds", arguments -> CompletableFuture.completedFuture(found((Iterable<?>) arguments[1])))),
            "raftManager", none -> Answering.of(KafkaRaftManager.class, Map.of(
                "raftLog", all -> Answering.of(RaftLog.class, Map.of("endOffset", end -> new LogOffsetMetadata(0)))))));
    }

    private Map<String, ResultOrError<Uuid>> found(Iterable<?> names) {
        var ids = brokers.get(0).metadata().topicIds();
        var found = new HashMap<String, ResultOrError<Uuid>>();
        for (var name : names) found.put((String) name, new ResultOrError<>(ids.get(name)));
        return found;
    }

    @Override
    public void close() {
        TestUtils.clearYammerMetrics();
        for (var broker : brokers) broker.end();
    }
}
