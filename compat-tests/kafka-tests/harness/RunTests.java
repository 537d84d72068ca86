package ottla;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs test classes, and says a line for each invocation: ok, not ok, inside or skipped, then its name, then what went wrong, with tabs
 * between. The system property ottla.tests is a pattern for the names of those that run, and ottla.parallel says how many run at a time;
 * stack traces go to stderr.
 */
public final class RunTests implements TestExecutionListener {
    private static final String PATIENCE = "180 s";
    private final PrintStream answers = System.out;
    private final Map<String, Long> startedMs = new ConcurrentHashMap<>();

    public static void main(String[] classes) {
        Pattern wanted = Pattern.compile(System.getProperty("ottla.tests", ""));
        PostDiscoveryFilter filter = descriptor -> FilterResult.includedIf(descriptor.getSource()
            .filter(MethodSource.class::isInstance).map(MethodSource.class::cast)
            .map(source -> wanted.matcher(source.getClassName() + "." + source.getMethodName()).find()).orElse(true));
        WithoutKerberos.install();
        SharedKeys.install();
        RunTests listener = new RunTests();
        // Kafka's tests and clients write to stdout as well.
        System.setOut(System.err);
        LauncherFactory.create().execute(LauncherDiscoveryRequestBuilder.request()
            .selectors(Arrays.stream(classes).map(name -> selectClass(name)).toList())
            .filters(filter)
            .configurationParameter("junit.jupiter.execution.timeout.testable.method.default", PATIENCE)
            .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "true")
            .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
            .configurationParameter("junit.jupiter.execution.parallel.mode.default", "concurrent")
            .configurationParameter("junit.jupiter.execution.parallel.config.strategy", "fixed")
            .configurationParameter("junit.jupiter.execution.parallel.config.fixed.parallelism", System.getProperty("ottla.parallel", "1"))
            .configurationParameter("junit.jupiter.execution.parallel.config.fixed.max-pool-size", System.getProperty("ottla.parallel", "1"))
            .build(), listener);
        System.exit(0);
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        startedMs.put(test.getUniqueId(), System.currentTimeMillis());
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        say("skipped", test, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        boolean isFine = result.getStatus() == TestExecutionResult.Status.SUCCESSFUL;
        if (!test.isTest() && isFine) return;
        if (isFine) {
            say("ok", test, "");
            return;
        }
        Throwable cause = result.getThrowable().orElseGet(() -> new IllegalStateException("no reason given"));
        StringWriter trace = new StringWriter();
        cause.printStackTrace(new PrintWriter(trace));
        System.err.println("=== " + nameOf(test) + "\n" + trace);
        boolean isInside = trace.toString().contains(Inside.class.getName())
            || trace.toString().contains("kafka.server.BrokerServer (") || trace.toString().contains("cannot be cast to class kafka.server.BrokerServer");
        say(isInside ? "inside" : "not ok", test, cause.toString());
    }

    private void say(String verdict, TestIdentifier test, String why) {
        long now = System.currentTimeMillis();
        String took = String.format("%.1f", (now - startedMs.getOrDefault(test.getUniqueId(), now)) / 1000.0);
        answers.println(verdict + "\t" + nameOf(test) + "\t" + took + "\t" + why.replaceAll("[\\s]+", " "));
        answers.flush();
    }

    /** 'ShareConsumerTest.testPollNoSubscribeFails [1] isolated' */
    private static String nameOf(TestIdentifier test) {
        String where = test.getSource().map(source -> source instanceof MethodSource method
            ? simple(method.getClassName()) + "." + method.getMethodName() : source.toString()).orElse(test.getUniqueId());
        String shown = test.getDisplayName();
        boolean isOneOfMany = shown.startsWith("[") || test.getUniqueId().contains("[test-template-invocation:");
        return isOneOfMany ? where + " " + shown : where;
    }

    private static String simple(String className) {
        List<String> parts = List.of(className.split("\\."));
        return parts.get(parts.size() - 1);
    }
}
