package ottla;

import java.util.Map;
import java.util.stream.Collectors;
import kafka.server.BrokerServer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.utils.Time;
import scala.Option;

/** Apache Kafka, in this JVM as it would start there anew for each test, and yet seen by clients alone. */
final class KafkaPeer implements Peer {
    private KafkaRaftServer server;

    @Override
    public void start(Map<String, String> properties) {
        server = new KafkaRaftServer(KafkaConfig.fromProps(properties(properties)), Time.SYSTEM);
        server.startup();
    }

    @Override
    public void untilReady() {}

    @Override
    public Map<MetricName, Double> measured() throws ReflectiveOperationException {
        var field = KafkaRaftServer.class.getDeclaredField("broker");
        field.setAccessible(true);
        var broker = (BrokerServer) ((Option<?>) field.get(server)).get();
        return broker.metrics().metrics().values().stream()
            .filter(metric -> !HarnessSettings.HARNESS.equals(metric.metricName().tags().get("listener")))
            .filter(metric -> metric.metricValue() instanceof Double)
            .collect(Collectors.groupingBy(metric -> shown(metric.metricName()), Collectors.summingDouble(metric -> (Double) metric.metricValue())));
    }

    private static MetricName shown(MetricName name) {
        return name.group().equals("socket-server-metrics") ? Peer.named(name.name()) : name;
    }

    private static java.util.Properties properties(Map<String, String> map) {
        var made = new java.util.Properties();
        made.putAll(map);
        return made;
    }

    @Override
    public void stop() {
        if (server == null) return;
        server.shutdown();
        server.awaitShutdown();
        server = null;
    }

    @Override
    public void end() {
        stop();
    }
}
