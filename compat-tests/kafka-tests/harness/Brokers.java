package ottla;

import java.util.Set;
import kafka.server.KafkaConfig;

/** The brokers of one cluster, and what a cluster's operator can do with them. */
interface Brokers {
    /** Returns when all of them answer. */
    void start();

    void stop();

    Set<Integer> ids();

    /** Where its clients connect, on localhost. */
    int port(int id);

    KafkaConfig config(int id);

    boolean isUp(int id);

    void shutdown(int id);

    void startAgain(int id);

    Set<Integer> controllerIds();

    /** Where its controllers listen: host:port,… */
    String controllers();
}
