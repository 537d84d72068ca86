package ottla;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import kafka.server.KafkaConfig;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.common.test.api.ClusterConfig;
import org.apache.kafka.server.common.MetadataVersion;

/**
 * Ottla: a process for each broker. One broker is its own controller; several have one in a process of its own, and so has one broker
 * where the system property ottla.controller is 'apart'. The system property ottla.command has the words that start it, a tab between.
 */
final class OttlaBrokers implements Brokers {
    private static final long PATIENCE_MS = 60_000;
    private static final int CONTROLLER_ID = 3000;
    /** As JaasUtils of Kafka's tests has them. */
    private static final Map<String, String> USERS =
        Map.of("plain-admin", "plain-admin-secret", "plain-user1", "plain-user1-secret");
    private final ClusterConfig config;
    private final Path directory;
    private final Map<Integer, Integer> ports = new TreeMap<>();
    private final Map<Integer, Process> processes = new HashMap<>();
    private final Map<Integer, Integer> starts = new HashMap<>();
    private final boolean isApart;
    private final int controllerPort = freePort();

    OttlaBrokers(ClusterConfig config) {
        this.config = config;
        isApart = config.numBrokers() != 1 || "apart".equals(System.getProperty("ottla.controller"));
        IntStream.range(0, config.numBrokers()).forEach(id -> ports.put(id, freePort()));
        try {
            directory = Files.createTempDirectory("kafka-tests-");
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void start() {
        if (isApart) launch(CONTROLLER_ID, controllerSettings());
        ports.keySet().forEach(id -> launch(id, settings(id)));
        if (isApart) untilReady(CONTROLLER_ID);
        ports.keySet().forEach(this::untilReady);
        setFeatures();
    }

    @Override
    public void stop() {
        processes.values().forEach(Process::destroy);
        processes.values().forEach(OttlaBrokers::untilEnded);
        processes.clear();
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted((one, other) -> other.compareTo(one)).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Set<Integer> ids() {
        return ports.keySet();
    }

    @Override
    public int port(int id) {
        return ports.get(id);
    }

    @Override
    public KafkaConfig config(int id) {
        Map<String, Object> all = new HashMap<>(settings(id));
        // Kafka's class reads no configuration without these.
        all.putIfAbsent("process.roles", "broker");
        all.putIfAbsent("controller.listener.names", "CONTROLLER");
        all.putIfAbsent("controller.quorum.bootstrap.servers", "localhost:" + controllerPort);
        return new KafkaConfig(all, false);
    }

    @Override
    public boolean isUp(int id) {
        return processes.containsKey(id);
    }

    @Override
    public void shutdown(int id) {
        Process process = processes.remove(id);
        if (process == null) return;
        process.destroy();
        untilEnded(process);
    }

    @Override
    public void startAgain(int id) {
        launch(id, settings(id));
        untilReady(id);
    }

    @Override
    public Set<Integer> controllerIds() {
        return Set.of(isApart ? CONTROLLER_ID : 0);
    }

    @Override
    public String controllers() {
        if (!isApart) throw new Inside("a broker alone has no port of its own for its controller");
        return "localhost:" + controllerPort;
    }

    private Map<String, String> settings(int id) {
        String listener = config.brokerListenerName().value();
        SecurityProtocol protocol = config.brokerSecurityProtocol();
        Map<String, String> all = new TreeMap<>();
        if (protocol == SecurityProtocol.SASL_PLAINTEXT) {
            all.put("sasl.enabled.mechanisms", "PLAIN");
            all.put("sasl.mechanism.inter.broker.protocol", "PLAIN");
            all.put("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
            all.put("allow.everyone.if.no.acl.found", "false");
            all.put("super.users", "User:plain-admin");
            String users = USERS.entrySet().stream()
                .map(user -> " user_" + user.getKey() + "=\"" + user.getValue() + "\"").collect(Collectors.joining());
            all.put("listener.name." + listener.toLowerCase() + ".plain.sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"plain-admin\" password=\""
                    + USERS.get("plain-admin") + "\"" + users + ";");
        }
        all.putAll(config.serverProperties());
        all.putAll(config.perServerOverrideProperties().getOrDefault(id, Map.of()));
        all.put("node.id", String.valueOf(id));
        all.put("listeners", listener + "://localhost:" + ports.get(id));
        all.put("advertised.listeners", listener + "://localhost:" + ports.get(id));
        all.put("listener.security.protocol.map", listener + ":" + protocol + ",CONTROLLER:PLAINTEXT");
        all.put("inter.broker.listener.name", listener);
        all.put("log.dirs", IntStream.range(0, config.numDisksPerBroker())
            .mapToObj(disk -> directory.resolve("broker-" + id + "-" + disk).toString()).collect(Collectors.joining(",")));
        if (isApart) {
            all.put("process.roles", "broker");
            all.put("controller.listener.names", "CONTROLLER");
            all.put("controller.quorum.bootstrap.servers", "localhost:" + controllerPort);
        }
        return all;
    }

    private Map<String, String> controllerSettings() {
        Map<String, String> all = new TreeMap<>(config.serverProperties());
        all.putAll(config.perServerOverrideProperties().getOrDefault(CONTROLLER_ID, Map.of()));
        all.put("node.id", String.valueOf(CONTROLLER_ID));
        all.put("process.roles", "controller");
        all.put("listeners", "CONTROLLER://localhost:" + controllerPort);
        all.put("controller.listener.names", "CONTROLLER");
        all.put("log.dirs", directory.resolve("controller").toString());
        return all;
    }

    private void launch(int id, Map<String, String> settings) {
        try {
            Path file = directory.resolve(id + ".properties");
            // A backslash begins an escape in a file of properties.
            Files.write(file, settings.entrySet().stream()
                .map(setting -> setting.getKey() + "=" + setting.getValue().replace("\\", "\\\\")).toList());
            List<String> command = new ArrayList<>(List.of(System.getProperty("ottla.command").split("\t")));
            command.addAll(List.of("start", "--config", file.toString(), "--no-exit-with-parent"));
            if (id != CONTROLLER_ID) command.add("--no-page");
            starts.merge(id, 1, Integer::sum);
            Process process = new ProcessBuilder(command)
                .redirectOutput(output(id).toFile())
                .redirectErrorStream(true)
                .start();
            processes.put(id, process);
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private Path output(int id) {
        return directory.resolve(id + "-" + starts.get(id) + ".out");
    }

    private void untilReady(int id) {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        try {
            while (Files.readAllLines(output(id)).stream().noneMatch(line -> line.startsWith("ready "))) {
                if (!processes.get(id).isAlive() || System.currentTimeMillis() > deadline) {
                    throw new IllegalStateException("Ottla does not start: " + String.join(" | ", Files.readAllLines(output(id))));
                }
                TimeUnit.MILLISECONDS.sleep(10);
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A cluster of Kafka's tests is formatted with the levels they ask for; Ottla's is brought to them. */
    private void setFeatures() {
        Map<String, Short> asked = new TreeMap<>();
        config.features().forEach((feature, level) -> asked.put(feature.featureName(), level));
        if (config.metadataVersion() != MetadataVersion.latestTesting()) {
            asked.put(MetadataVersion.FEATURE_NAME, config.metadataVersion().featureLevel());
        }
        if (asked.isEmpty()) return;
        try (Admin admin = Admin.create(adminSettings())) {
            Map<String, FinalizedVersionRange> now = admin.describeFeatures().featureMetadata().get().finalizedFeatures();
            Map<String, FeatureUpdate> updates = new TreeMap<>();
            asked.forEach((name, level) -> {
                short is = now.containsKey(name) ? now.get(name).maxVersionLevel() : 0;
                if (is == level) return;
                updates.put(name, new FeatureUpdate(level, is < level
                    ? FeatureUpdate.UpgradeType.UPGRADE : FeatureUpdate.UpgradeType.UNSAFE_DOWNGRADE));
            });
            if (!updates.isEmpty()) admin.updateFeatures(updates, new UpdateFeaturesOptions()).all().get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("Ottla does not take the levels of features asked for: " + asked, e);
        }
    }

    private Map<String, Object> adminSettings() {
        Map<String, Object> all = new HashMap<>();
        all.put("bootstrap.servers", "localhost:" + ports.get(0));
        if (config.brokerSecurityProtocol() == SecurityProtocol.SASL_PLAINTEXT) {
            all.put("security.protocol", "SASL_PLAINTEXT");
            all.put("sasl.mechanism", "PLAIN");
            all.put("sasl.jaas.config", "org.apache.kafka.common.security.plain.PlainLoginModule required "
                + "username=\"plain-admin\" password=\"" + USERS.get("plain-admin") + "\";");
        }
        return all;
    }

    private static void untilEnded(Process process) {
        try {
            if (process.waitFor(30, TimeUnit.SECONDS)) return;
            process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            process.destroyForcibly();
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
