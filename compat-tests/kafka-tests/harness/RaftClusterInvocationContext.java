package org.apache.kafka.common.test.junit;

import java.util.List;
import java.util.function.Supplier;
import org.apache.kafka.common.test.api.ClusterConfig;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import ottla.OutsideCluster;

/**
 * Stands before Kafka's class of this name, so that Kafka's extension gives its tests a cluster they see from outside alone: by its
 * ports. What it is made of, the system property ottla.brokers says.
 */
public class RaftClusterInvocationContext implements TestTemplateInvocationContext {
    private final String test;
    private final ClusterConfig config;
    private final boolean isCombined;

    public RaftClusterInvocationContext(String test, ClusterConfig config, boolean isCombined) {
        this.test = test;
        this.config = config;
        this.isCombined = isCombined;
    }

    @Override
    public String getDisplayName(int index) {
        return "[" + index + "] " + (isCombined ? "combined" : "isolated");
    }

    @Override
    public List<Extension> getAdditionalExtensions() {
        OutsideCluster cluster = new OutsideCluster(config, isCombined);
        BeforeEachCallback start = context -> {
            if (config.isAutoStart()) cluster.start();
        };
        AfterTestExecutionCallback stop = context -> cluster.stop();
        // Where what comes before the test has failed, JUnit leaves out the callback above.
        AfterEachCallback stopAnyway = context -> cluster.stop();
        return List.of(start, stop, stopAnyway, new ClusterInstanceParameterResolver(cluster));
    }

    /** Kafka's own cluster, which a run on Apache Kafka starts, waits with it. */
    static void waitForCondition(Supplier<Boolean> condition, String message) throws InterruptedException {
        OutsideCluster.waitFor(condition, message);
    }
}
