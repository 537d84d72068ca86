package ottla;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.Set;
import kafka.server.BrokerServer;
import kafka.server.KafkaConfig;
import org.apache.kafka.common.test.ClusterInstance;
import org.apache.kafka.common.test.api.ClusterConfig;

/** Apache Kafka, started in this process as its own tests start it; of what is inside, nothing gets out. */
final class KafkaBrokers implements Brokers {
    private static final String OWN = "org.apache.kafka.common.test.junit.RaftClusterInvocationContext$RaftClusterInstance";
    private final ClusterInstance inside;

    KafkaBrokers(ClusterConfig config, boolean isCombined) {
        try {
            Constructor<?> own = Class.forName(OWN).getDeclaredConstructor(ClusterConfig.class, boolean.class);
            own.setAccessible(true);
            inside = (ClusterInstance) own.newInstance(config, isCombined);
            Method format = Class.forName(OWN).getMethod("format");
            format.setAccessible(true);
            format.invoke(inside);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void start() {
        inside.start();
        try {
            inside.waitForReadyBrokers();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void stop() {
        inside.stop();
    }

    @Override
    public Set<Integer> ids() {
        return inside.brokers().keySet();
    }

    @Override
    public int port(int id) {
        return inside.brokers().get(id).boundPort(inside.clientListener());
    }

    @Override
    public KafkaConfig config(int id) {
        return inside.brokers().get(id).config();
    }

    @Override
    public boolean isUp(int id) {
        return inside.started() && !inside.brokers().get(id).isShutdown();
    }

    @Override
    public void shutdown(int id) {
        inside.shutdownBroker(id);
        ((BrokerServer) inside.brokers().get(id)).awaitShutdown();
    }

    @Override
    public void startAgain(int id) {
        inside.startBroker(id);
    }

    @Override
    public Set<Integer> controllerIds() {
        return inside.controllerIds();
    }

    @Override
    public String controllers() {
        return inside.bootstrapControllers();
    }
}
