package ottla;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.utils.Sanitizer;
import org.apache.kafka.server.quota.QuotaType;

/** Ottla, a process that reads its settings from a server.properties. */
final class OttlaPeer implements Peer {
    private static final List<String> COMMAND = List.of(System.getProperty("ottla.command", "ottla").split("\t"));
    private static final Pattern TOTAL =
        Pattern.compile("^kafka_server_socket_server_metrics_(\\w+_total)\\{listener=\"(?!HARNESS)\\w+\"\\} (\\d+)$", Pattern.MULTILINE);
    private static final Pattern THROTTLE = Pattern.compile("^kafka_server_(\\w+)_throttle_time(?:\\{(.*)\\})? (\\S+)$", Pattern.MULTILINE);
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");
    private static final Map<String, QuotaType> QUOTAS = Map.of("produce", QuotaType.PRODUCE, "fetch", QuotaType.FETCH,
        "request", QuotaType.REQUEST, "controllermutation", QuotaType.CONTROLLER_MUTATION);
    private static final String SESSION_ENDED = "its session has ended";
    /** Whether logs and settings stay in the directory for temporary files. */
    private static final boolean KEEPS = Boolean.getBoolean("ottla.keep");
    private static final long STOP_SECONDS = 20;

    private Process process;
    private boolean isReady;
    private Path log;
    private int metricsPort;

    @Override
    public void start(Map<String, String> properties) throws Exception {
        var file = write(properties);
        metricsPort = Ports.free();
        log = temporary(".log");
        var command = new ArrayList<>(COMMAND);
        command.addAll(List.of("start", "--config", file.toString(), "--metrics-port", String.valueOf(metricsPort)));
        command.addAll(List.of("--no-page", "--exit-with-parent", "--log-level", "info"));
        var builder = new ProcessBuilder(command).redirectError(log.toFile());
        var jaas = System.getProperty("java.security.auth.login.config");
        if (jaas != null) builder.environment().put("KAFKA_OPTS", "-Djava.security.auth.login.config=" + jaas);
        isReady = false;
        process = builder.start();
    }

    @Override
    public synchronized void untilReady() throws IOException {
        if (isReady) return;
        var out = new BufferedReader(new InputStreamReader(process.getInputStream()));
        for (var line = out.readLine(); line == null || !line.startsWith("ready "); line = out.readLine())
            if (line == null) throw new IllegalStateException("Ottla has ended: " + Files.readString(log));
        isReady = true;
    }

    private static Path write(Map<String, String> properties) throws Exception {
        var file = temporary(".properties");
        var all = new Properties();
        all.putAll(properties);
        try (var out = Files.newOutputStream(file)) {
            all.store(out, null);
        }
        return file;
    }

    private static Path temporary(String ending) throws IOException {
        var file = Files.createTempFile("ottla", ending);
        if (!KEEPS) file.toFile().deleteOnExit();
        return file;
    }

    @Override
    public Map<MetricName, Double> measured() throws Exception {
        var found = new HashMap<MetricName, Double>();
        var url = URI.create("http://127.0.0.1:" + metricsPort + "/metrics").toURL();
        try (var in = url.openStream()) {
            var text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            var total = TOTAL.matcher(text);
            while (total.find()) found.merge(Peer.named(total.group(1).replace('_', '-')), Double.valueOf(total.group(2)), Double::sum);
            var throttle = THROTTLE.matcher(text);
            while (throttle.find()) found.put(throttled(throttle.group(1), throttle.group(2)), averageOf(Double.parseDouble(throttle.group(3))));
        }
        // Those who sign in again and fail are counted with the others.
        found.put(Peer.named("failed-reauthentication-total"), found.getOrDefault(Peer.named("failed-authentication-total"), 0.0));
        found.put(Peer.named("expired-connections-killed-count"), (double) Files.readString(log).split(SESSION_ENDED, -1).length - 1);
        return found;
    }

    private static MetricName throttled(String quota, String labels) {
        var tags = new HashMap<>(Map.of("user", "", "client-id", ""));
        var label = LABEL.matcher(labels);
        while (label.find()) tags.put(label.group(1).replace('_', '-'), label.group(2));
        tags.computeIfPresent("user", (key, user) -> Sanitizer.sanitize(user));
        return new MetricName("throttle-time", QUOTAS.get(quota).toString(), "", tags);
    }

    /** Where nothing was throttled, Kafka has the average of nothing. */
    private static double averageOf(double throttleMs) {
        return throttleMs == 0 ? Double.NaN : throttleMs;
    }

    @Override
    public void stop() throws Exception {
        if (process == null) return;
        process.destroy();
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
        process = null;
    }

    @Override
    public void end() throws InterruptedException {
        if (process != null) process.destroyForcibly().waitFor();
        process = null;
    }
}
