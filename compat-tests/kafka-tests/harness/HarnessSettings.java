package ottla;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import kafka.server.KafkaConfig;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.auth.KafkaPrincipalBuilder;
import org.apache.kafka.common.utils.Utils;

/**
 * The server.properties of a broker outside, from what a test asks of one inside: ports that are free, a listener more for the
 * harness, whose user may do everything, and for Ottla what stands in the place of classes of Java.
 */
final class HarnessSettings {
    static final String HARNESS = "HARNESS";
    static final String USER = "harness";
    private static final String BUILDER = "principal.builder.class";
    private static final String PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required";
    static final String LOGIN = PLAIN + " username=\"" + USER + "\" password=\"" + USER + "\"";
    private static final String BEARER =
        "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"nobody\";";
    /** What the class SslEndToEndAuthorizationTest$TestPrincipalBuilder does, in Kafka's own rules. */
    private static final String SUBJECTS = "RULE:^O=A server,CN=.*$/server/,RULE:^O=A .*,CN=super-user$/server/,DEFAULT";

    /** A listener whose clients reach it by a relay. */
    record Relayed(String listener, int behind, KafkaPrincipalBuilder builder) {}

    final Map<String, String> all = new TreeMap<>();
    /** By the listener's name as written: where clients reach it. */
    final Map<String, Integer> ports = new LinkedHashMap<>();
    final Map<String, Relayed> relayed = new LinkedHashMap<>();
    private final Map<String, String> protocols;

    HarnessSettings(KafkaConfig config, boolean isOttla, String controllers) throws Exception {
        config.originals().forEach((key, value) -> all.put(key, text(value)));
        protocols = pairs("listener.security.protocol.map");
        for (var each : all.get("listeners").split(",\\s*")) ports.put(each.substring(0, each.indexOf(':')), Ports.free());
        var protocol = all.remove("security.inter.broker.protocol");
        all.putIfAbsent("inter.broker.listener.name", protocol == null ? ports.keySet().iterator().next() : protocol);
        withoutKerberos();
        var hidden = new LinkedHashMap<String, Integer>(ports);
        if (isOttla) relay(hidden);
        addHarness(hidden);
        all.put("super.users", Stream.of(all.get("super.users"), "User:" + USER).filter(each -> each != null && !each.isEmpty()).collect(Collectors.joining(";")));
        write(hidden, isOttla, controllers);
    }

    private static String text(Object value) {
        if (value instanceof Password password) return password.value();
        return value instanceof List<?> list ? list.stream().map(String::valueOf).collect(Collectors.joining(",")) : String.valueOf(value);
    }

    /** Tests that name no mechanism mean Kerberos. */
    private void withoutKerberos() {
        if (protocols.values().stream().noneMatch(protocol -> protocol.startsWith("SASL"))) return;
        all.putIfAbsent("sasl.enabled.mechanisms", WithoutKerberos.KERBEROS);
        all.putIfAbsent("sasl.mechanism.inter.broker.protocol", WithoutKerberos.KERBEROS);
        all.replaceAll((key, value) -> key.contains("sasl.") && key.contains("mechanism") ? WithoutKerberos.mechanisms(value) : value);
        all.remove("sasl.mechanism"); // which is a client's
        for (var key : List.copyOf(all.keySet()))
            if (key.contains(".gssapi.")) all.put(key.replace(".gssapi.", ".plain."), all.remove(key));
    }

    private void relay(Map<String, Integer> hidden) throws Exception {
        for (var name : ports.keySet()) {
            var prefix = prefix(name);
            var builder = all.getOrDefault(prefix + BUILDER, all.get(BUILDER));
            if (builder == null || !protocols.get(name).equals("PLAINTEXT")) continue;
            hidden.put(name, Ports.free());
            relayed.put(name, new Relayed(name, hidden.get(name), Utils.newInstance(builder, KafkaPrincipalBuilder.class)));
            protocols.put(name, "SASL_PLAINTEXT");
            all.put(prefix + "sasl.enabled.mechanisms", "OAUTHBEARER");
            all.put(prefix + "oauthbearer.sasl.jaas.config", BEARER);
            all.put(prefix + "oauthbearer.connections.max.reauth.ms", "0");
            all.remove(prefix + BUILDER);
            if (name.equals(all.get("inter.broker.listener.name"))) interBrokerByHarness();
        }
        if (relayed.size() == ports.size()) all.remove(BUILDER);
        if (String.valueOf(all.get(BUILDER)).endsWith("SslEndToEndAuthorizationTest$TestPrincipalBuilder")) {
            all.remove(BUILDER);
            all.put("ssl.principal.mapping.rules", SUBJECTS);
        }
        for (var each : all.entrySet()) {
            if (each.getValue().startsWith("kafka.")) throw new Inside("a class of the test is to run in the broker: " + each);
        }
    }

    /** The other brokers would sign in twice, behind a relay. */
    private void interBrokerByHarness() {
        all.put("inter.broker.listener.name", HARNESS);
        all.put("sasl.mechanism.inter.broker.protocol", "PLAIN");
    }

    private void addHarness(Map<String, Integer> hidden) throws Exception {
        ports.put(HARNESS, Ports.free());
        hidden.put(HARNESS, ports.get(HARNESS));
        for (var name : new String[] {HARNESS, "CONTROLLER"}) {
            protocols.put(name, "SASL_PLAINTEXT");
            all.put(prefix(name) + "sasl.enabled.mechanisms", "PLAIN");
            all.put(prefix(name) + "plain.sasl.jaas.config", LOGIN + " user_" + USER + "=\"" + USER + "\";");
            all.put(prefix(name) + BUILDER, "org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder");
            all.put(prefix(name) + "plain.connections.max.reauth.ms", "0");
        }
        all.put("sasl.mechanism.controller.protocol", "PLAIN");
    }

    private void write(Map<String, Integer> hidden, boolean isOttla, String controllers) throws Exception {
        all.put("controller.listener.names", "CONTROLLER");
        all.put("listener.security.protocol.map", joined(protocols, each -> each.getKey() + ":" + each.getValue()));
        all.put("advertised.listeners", joined(ports, each -> each.getKey() + "://localhost:" + each.getValue()));
        var listeners = joined(hidden, each -> each.getKey() + "://" + (isOttla ? "127.0.0.1" : "localhost") + ":" + each.getValue());
        all.put("listeners", listeners);
        all.remove("controller.quorum.voters");
        if (isOttla) {
            all.remove("process.roles");
            all.remove("metadata.log.dir");
        } else {
            all.put("controller.quorum.voters", controllers);
        }
    }

    /** With a controller in the same process. */
    void addController(int port) {
        all.put("process.roles", "broker,controller");
        all.merge("listeners", "CONTROLLER://localhost:" + port, (one, more) -> one + "," + more);
    }

    /** One of several Ottlas, whose cluster an etcd keeps. */
    void addEtcd(String prefix, int controllerPort) {
        all.put("ottla.etcd.endpoints", System.getProperty("ottla.etcd"));
        all.put("ottla.etcd.prefix", prefix);
        all.merge("listeners", "CONTROLLER://127.0.0.1:" + controllerPort, (one, more) -> one + "," + more);
    }

    private Map<String, String> pairs(String key) {
        return Stream.of(all.get(key).split(","))
            .map(pair -> pair.split(":"))
            .filter(pair -> !pair[0].equals("CONTROLLER"))
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1], (one, same) -> same, LinkedHashMap::new));
    }

    private static String prefix(String listener) {
        return "listener.name." + listener.toLowerCase(java.util.Locale.ROOT) + ".";
    }

    private static <V> String joined(Map<String, V> map, Function<Map.Entry<String, V>, String> text) {
        return map.entrySet().stream().map(text).collect(Collectors.joining(","));
    }
}
