package ottla;

import java.util.Map;
import org.apache.kafka.common.MetricName;

/** A broker that runs outside of the tests. */
interface Peer {
    void start(Map<String, String> properties) throws Exception;

    /** Returns when it serves: several brokers start at the same time. */
    void untilReady() throws Exception;

    /** By Kafka's names: metrics of its connections, summed over the listeners of the test, and of quotas. */
    Map<MetricName, Double> measured() throws Exception;

    /** The name of one of its connections: tests look for it by nothing else. */
    static MetricName named(String name) {
        return new MetricName(name, "socket-server-metrics", "", Map.of());
    }

    /** In order. */
    void stop() throws Exception;

    /** At once: the test is over. */
    void end() throws Exception;
}
