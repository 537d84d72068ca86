package kafka.security.minikdc;

import java.io.File;
import java.util.List;
import java.util.Properties;
import ottla.HarnessCluster;

/** In the place of Kafka's own: there is no Kerberos here, and a test that starts it says so. */
public class MiniKdc {
    public MiniKdc(Properties config, File workDir) {}

    public static Properties createConfig() {
        return new Properties();
    }

    public void start() {
        throw HarnessCluster.inside("Kerberos");
    }

    public void createPrincipal(File keytab, List<String> principals) {}

    public void stop() {}
}
