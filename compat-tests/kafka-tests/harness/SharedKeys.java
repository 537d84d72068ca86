package ottla;

import java.security.KeyPair;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import net.bytebuddy.asm.Advice;
import org.apache.kafka.test.TestSslUtils;

/** Tests make certificates for every broker and client. They are of one key: to make another takes seconds. */
public final class SharedKeys {
    private static final Map<String, KeyPair> MADE = new ConcurrentHashMap<>();

    private SharedKeys() {}

    static void install() {
        Advised.method(TestSslUtils.class, "generateKeyPair", Once.class);
    }

    /** @return null where none was made */
    public static KeyPair made(String algorithm) {
        return MADE.get(algorithm);
    }

    public static KeyPair kept(String algorithm, KeyPair made) {
        return MADE.computeIfAbsent(algorithm, none -> made);
    }

    private static final class Once {
        @Advice.OnMethodEnter(skipOn = Advice.OnNonDefaultValue.class)
        static KeyPair enter(@Advice.Argument(0) String algorithm) {
            return made(algorithm);
        }

        @Advice.OnMethodExit
        static void exit(@Advice.Argument(0) String algorithm, @Advice.Enter KeyPair before, @Advice.Return(readOnly = false) KeyPair made) {
            made = before == null ? kept(algorithm, made) : before;
        }
    }
}
