package ottla;

import java.util.Map;

/** A broker that runs outside of the tests. */
interface Peer {
    /** Returns when it serves. */
    void start(Map<String, String> properties) throws Exception;

    /** Metrics of its connections, by Kafka's names, summed over the listeners of the test. */
    Map<String, Double> measured() throws Exception;

    /** In order. */
    void stop() throws Exception;
}
