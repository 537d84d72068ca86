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

/** Ottla, a process that reads its settings from a server.properties. */
final class OttlaPeer implements Peer {
    private static final List<String> COMMAND = List.of(System.getProperty("ottla.command", "ottla").split("\t"));
    private static final Pattern TOTAL =
        Pattern.compile("^kafka_server_socket_server_metrics_(\\w+_total)\\{listener=\"(?!HARNESS)\\w+\"\\} (\\d+)$", Pattern.MULTILINE);
    private static final String SESSION_ENDED = "its session has ended";
    /** Whether logs and settings stay in the directory for temporary files. */
    private static final boolean KEEPS = Boolean.getBoolean("ottla.keep");
    private static final long STOP_SECONDS = 20;

    private Process process;
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
        process = builder.start();
        var out = new BufferedReader(new InputStreamReader(process.getInputStream()));
        for (var line = out.readLine(); ; line = out.readLine()) {
            if (line == null) throw new IllegalStateException("Ottla has ended: " + Files.readString(log));
            if (line.startsWith("ready ")) return;
        }
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
    public Map<String, Double> measured() throws Exception {
        var found = new HashMap<String, Double>();
        var url = URI.create("http://127.0.0.1:" + metricsPort + "/metrics").toURL();
        try (var in = url.openStream()) {
            var text = TOTAL.matcher(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            while (text.find()) found.merge(text.group(1).replace('_', '-'), Double.valueOf(text.group(2)), Double::sum);
        }
        // Those who sign in again and fail are counted with the others.
        found.put("failed-reauthentication-total", found.getOrDefault("failed-authentication-total", 0.0));
        found.put("expired-connections-killed-count", (double) Files.readString(log).split(SESSION_ENDED, -1).length - 1);
        return found;
    }

    @Override
    public void stop() throws Exception {
        if (process == null) return;
        process.destroy();
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
        process = null;
    }
}
