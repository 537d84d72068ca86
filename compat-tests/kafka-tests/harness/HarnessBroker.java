package ottla;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Function;
import kafka.network.SocketServer;
import kafka.server.BrokerServer;
import kafka.server.KafkaApis;
import kafka.server.KafkaConfig;
import kafka.server.SharedServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.internals.Plugin;
import org.apache.kafka.common.metrics.Measurable;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.network.ListenerName;
import org.apache.kafka.coordinator.group.GroupCoordinator;
import org.apache.kafka.metadata.BrokerState;
import org.apache.kafka.server.authorizer.Authorizer;
import scala.Option;

/** One broker outside, and what tests take for its inside. */
final class HarnessBroker {
    private static final Map<String, String> GROUPS_TOPIC =
        Map.of("cleanup.policy", "compact", "segment.bytes", "104857600", "compression.type", "producer");

    private final KafkaConfig config;
    private final HarnessSettings settings;
    private final Peer peer;
    private final Metrics metrics = new Metrics();
    private final List<Relay> relays = new ArrayList<>();
    private final AdminMetadata metadata = new AdminMetadata(this::admin);
    private final AdminCredentials credentials = new AdminCredentials(this::admin);
    private final AdminQuotas quotas = new AdminQuotas(this::admin);
    private final Plugin<Authorizer> authorizer =
        Plugin.wrapInstance(new AdminAuthorizer(this::admin), metrics, "authorizer.class.name");
    private final BrokerServer inside = made();
    private Admin admin;
    private boolean isRunning;

    HarnessBroker(KafkaConfig config, HarnessSettings settings, Peer peer) {
        this.config = config;
        this.settings = settings;
        this.peer = peer;
    }

    BrokerServer inside() {
        return inside;
    }

    Plugin<Authorizer> authorizer() {
        return authorizer;
    }

    AdminMetadata metadata() {
        return metadata;
    }

    AdminQuotas quotas() {
        return quotas;
    }

    /** Where clients of the test connect. */
    int clientPort() {
        return settings.ports.values().iterator().next();
    }

    private BrokerServer made() {
        var told = new HashMap<String, Function<Object[], Object>>();
        told.put("config", none -> config);
        told.put("startup", none -> start());
        told.put("shutdown", none -> stop());
        told.put("awaitShutdown", none -> null);
        told.put("isShutdown", none -> !isRunning);
        told.put("boundPort", arguments -> port(arguments));
        told.put("brokerState", none -> isRunning ? BrokerState.RUNNING : BrokerState.NOT_RUNNING);
        told.put("metrics", none -> measured());
        told.put("authorizerPlugin", none -> plugin());
        told.put("socketServer", none -> Answering.of(SocketServer.class, Map.of("boundPort", this::port)));
        told.put("dataPlaneRequestProcessor", none -> Answering.of(KafkaApis.class, Map.of(
            "authorizerPlugin", all -> plugin(), "quotas", all -> quotas.managers(), "metadataCache", all -> metadata.inside())));
        told.put("quotaManagers", none -> quotas.managers());
        told.put("sharedServer", none -> Answering.of(SharedServer.class, Map.of("loader", all -> null)));
        told.put("metadataCache", none -> metadata.inside());
        told.put("credentialProvider", none -> credentials.provider());
        told.put("tokenCache", none -> credentials.tokens());
        told.put("groupCoordinator", none -> Answering.of(GroupCoordinator.class, Map.of("groupMetadataTopicConfigs", all -> groupsTopic())));
        return Answering.of(BrokerServer.class, told);
    }

    private Option<Plugin<Authorizer>> plugin() {
        var named = config.originals().get("authorizer.class.name");
        return named == null || named.equals("") ? Option.empty() : Option.apply(authorizer);
    }

    private Metrics measured() {
        var made = new Metrics();
        try {
            peer.measured().forEach((name, value) -> {
                made.addMetric(name, (Measurable) (config, now) -> value);
                if (HarnessCluster.IS_OTTLA && name.name().equals("throttle-time") && value > 0)
                    HarnessCluster.throttles(name.group()).update((long) Math.ceil(value));
            });
            return made;
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }

    double expiredConnections() {
        try {
            return peer.measured().getOrDefault(Peer.named("expired-connections-killed-count"), 0.0);
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }

    private Object port(Object[] arguments) {
        var name = ((ListenerName) arguments[0]).value();
        var port = settings.ports.get(name);
        untilReady();
        if (port == null) throw new Inside("there is no listener " + name);
        return port;
    }

    private static Properties groupsTopic() {
        var made = new Properties();
        made.putAll(GROUPS_TOPIC);
        return made;
    }

    private void untilReady() {
        try {
            if (isRunning) peer.untilReady();
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }

    private Object start() {
        try {
            peer.start(settings.all);
            for (var each : settings.relayed.values())
                relays.add(new Relay(settings.ports.get(each.listener()), each.behind(), each.listener(), each.builder()));
            isRunning = true;
            return null;
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }

    private Object stop() {
        try {
            disconnect();
            peer.stop();
            return null;
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** The test is over. */
    void end() {
        try {
            disconnect();
            peer.end();
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }

    private void disconnect() throws IOException {
        isRunning = false;
        if (admin != null) admin.close(java.time.Duration.ZERO);
        admin = null;
        for (var relay : relays) relay.close();
        relays.clear();
    }

    private synchronized Admin admin() {
        untilReady();
        if (admin == null) {
            admin = Admin.create(Map.of(
                "bootstrap.servers", "localhost:" + settings.ports.get(HarnessSettings.HARNESS),
                "security.protocol", "SASL_PLAINTEXT",
                "sasl.mechanism", "PLAIN",
                "sasl.jaas.config", HarnessSettings.LOGIN + ";",
                "client.id", "harness"));
        }
        return admin;
    }
}
