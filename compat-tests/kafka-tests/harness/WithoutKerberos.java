package ottla;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import kafka.security.JaasModule;
import kafka.security.JaasTestUtils;
import net.bytebuddy.asm.Advice;

/** There is no Kerberos here. Where Kafka's tests sign in by it, they sign in by PLAIN: the same users, on both brokers. */
public final class WithoutKerberos {
    static final String KERBEROS = "GSSAPI";
    private static final String INSTEAD = "PLAIN";
    /** Those for whom the tests have principals. */
    private static final Map<String, String> PASSWORDS =
        Stream.of("kafka", "client", "client2").collect(Collectors.toMap(Function.identity(), user -> user + "-secret"));

    private WithoutKerberos() {}

    /** Before the first test. */
    static void install() {
        Advised.method(JaasTestUtils.class, "saslConfigs", Configs.class);
        Advised.method(JaasModule.class, "krb5LoginModule", Module.class);
    }

    /** @param mechanisms a comma between each */
    static String mechanisms(String mechanisms) {
        return List.of(mechanisms.split(",")).stream().map(each -> each.equals(KERBEROS) ? INSTEAD : each).distinct()
            .collect(Collectors.joining(","));
    }

    /** Of a client: one that names no mechanism means Kerberos. */
    public static void name(Properties client) {
        client.put("sasl.mechanism", mechanisms(client.getProperty("sasl.mechanism", KERBEROS)));
    }

    /** @param principal such as 'kafka/localhost@EXAMPLE.COM' */
    public static JaasModule module(String principal) {
        var user = principal.split("[/@]")[0];
        return JaasModule.plainLoginModule(user, PASSWORDS.get(user), false, PASSWORDS);
    }

    private static final class Configs {
        @Advice.OnMethodExit
        static void exit(@Advice.Return Properties client) {
            name(client);
        }
    }

    private static final class Module {
        @Advice.OnMethodExit
        static void exit(@Advice.Argument(3) String principal, @Advice.Return(readOnly = false) JaasModule made) {
            made = module(principal);
        }
    }
}
