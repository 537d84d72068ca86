package kafka.server;

import java.util.Properties;
import java.util.stream.Stream;
import javax.security.auth.login.Configuration;
import kafka.integration.KafkaServerTestHarness;
import kafka.utils.Logging;
import kafka.utils.TestInfoUtils;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.common.security.JaasUtils;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;
import org.apache.kafka.server.common.TransactionVersion;
import org.apache.kafka.server.fault.MockFaultHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import ottla.HarnessCluster;
import scala.Option;
import scala.collection.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Stands on the class path before Kafka's class of this name, from which its integration tests inherit their brokers. Here a
 * broker is started outside, as a user starts one: from a file of properties. Names and signatures are those that the compiled
 * tests ask for.
 */
@ExtendWith(QuorumTestHarness.End.class)
public abstract class QuorumTestHarness implements Logging {
    /** What a test closes after its end need not be there any more. */
    static final class End implements AfterTestExecutionCallback {
        @Override
        public void afterTestExecution(ExtensionContext context) {
            ((QuorumTestHarness) context.getRequiredTestInstance()).cluster.close();
        }
    }

    private final MockFaultHandler faultHandler = new MockFaultHandler("none");
    private final QuorumTestHarnessFaultHandlerFactory faultHandlerFactory =
        new QuorumTestHarnessFaultHandlerFactory(faultHandler);
    private String logIdent;
    private TestInfo testInfo;
    private QuorumImplementation implementation;
    private HarnessCluster cluster;

    public String logIdent() {
        return logIdent;
    }

    public void logIdent_$eq(String ident) {
        logIdent = ident;
    }

    public SecurityProtocol controllerListenerSecurityProtocol() {
        return SecurityProtocol.PLAINTEXT;
    }

    public Seq<Properties> kraftControllerConfigs(TestInfo testInfo) {
        return CollectionConverters.asScala(java.util.List.of(new Properties())).toSeq();
    }

    public MetadataVersion metadataVersion() {
        return MetadataVersion.latestProduction();
    }

    public QuorumImplementation implementation() {
        return implementation;
    }

    public void implementation_$eq(QuorumImplementation made) {
        implementation = made;
    }

    public Option<GroupProtocol> maybeGroupProtocolSpecified() {
        return TestInfoUtils.maybeGroupProtocolSpecified(testInfo);
    }

    public GroupProtocol groupProtocolFromTestParameters() {
        return maybeGroupProtocolSpecified().get();
    }

    public ControllerServer controllerServer() {
        return cluster.controller();
    }

    public Seq<ControllerServer> controllerServers() {
        return CollectionConverters.asScala(java.util.List.of(controllerServer())).toSeq();
    }

    public QuorumTestHarnessFaultHandlerFactory faultHandlerFactory() {
        return faultHandlerFactory;
    }

    public MockFaultHandler faultHandler() {
        return faultHandler;
    }

    @BeforeEach
    public void setUp(TestInfo testInfo) {
        this.testInfo = testInfo;
        cluster = new HarnessCluster(this::formatter);
        kraftControllerConfigs(testInfo); // which some tests fill for their brokers, too
    }

    private Formatter formatter() {
        var version = TestInfoUtils.isTransactionV2Enabled(testInfo) ? TransactionVersion.TV_2 : TransactionVersion.TV_1;
        var formatter = new Formatter()
            .setReleaseVersion(metadataVersion())
            .setUnstableFeatureVersionsEnabled(true)
            .setFeatureLevel(TransactionVersion.FEATURE_NAME, version.featureLevel());
        addFormatterSettings(formatter);
        return formatter;
    }

    public KafkaBroker createBroker(KafkaConfig config, Time time, boolean startup, Option<String> threadNamePrefix) {
        // Others start as many as they like.
        int brokers = this instanceof KafkaServerTestHarness harness ? harness.configs().size() : 2;
        var broker = cluster.broker(config, brokers);
        if (startup) broker.startup();
        return broker;
    }

    public Time createBroker$default$2() {
        return Time.SYSTEM;
    }

    public boolean createBroker$default$3() {
        return true;
    }

    public Option<String> createBroker$default$4() {
        return Option.empty();
    }

    public void shutdownKRaftController() {
        throw HarnessCluster.inside("shutdownKRaftController");
    }

    public void addFormatterSettings(Formatter formatter) {}

    public Seq<SecurityProtocol> extraControllerSecurityProtocols() {
        return CollectionConverters.asScala(java.util.List.<SecurityProtocol>of()).toSeq();
    }

    @AfterEach
    public void tearDown() {
        if (cluster != null) cluster.close();
        System.clearProperty(JaasUtils.JAVA_LOGIN_CONFIG_PARAM);
        Configuration.setConfiguration(null);
    }

    public static Stream<Arguments> getTestGroupProtocolParametersAll() {
        return Stream.of(Arguments.of("classic"), Arguments.of("consumer"));
    }

    public static Stream<Arguments> getTestGroupProtocolParametersClassicGroupProtocolOnly() {
        return Stream.of(Arguments.of("classic"));
    }

    public static Stream<Arguments> getTestGroupProtocolParametersConsumerGroupProtocolOnly() {
        return Stream.of(Arguments.of("consumer"));
    }
}
