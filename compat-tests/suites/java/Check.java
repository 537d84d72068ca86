import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaFuture;

/** Does a case, and says in a line what the client saw; see ../suite.ts. */
final class Check {
  static final long PATIENCE_MS = 45_000;
  static String bootstrap;
  static String run;
  private static int serial;

  static void check(String area, String name, Callable<?> act) {
    try {
      say("ok", area, name, String.valueOf(act.call()));
    } catch (Throwable error) {
      say("not ok", area, name, nameOf(error) + ": " + cause(error).getMessage());
    }
  }

  /** What went wrong, as the client names it; what came back where all went well. */
  static String outcome(KafkaFuture<?> future) throws Exception {
    return outcome(() -> future.get(30, TimeUnit.SECONDS));
  }

  static String outcome(Callable<?> act) {
    try {
      return String.valueOf(act.call());
    } catch (Throwable error) {
      return nameOf(error);
    }
  }

  static void until(Callable<Boolean> isSo) throws Exception {
    long end = System.currentTimeMillis() + PATIENCE_MS;
    while (!isSo.call()) {
      if (System.currentTimeMillis() > end) throw new IllegalStateException("waited in vain");
      Thread.sleep(20);
    }
  }

  static String fresh(String word) {
    return run + "-" + word + "-" + serial++;
  }

  static Properties properties(String... pairs) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    for (int at = 0; at < pairs.length; at += 2) properties.put(pairs[at], pairs[at + 1]);
    return properties;
  }

  static <V> Map<String, V> sorted(Map<?, V> map) {
    Map<String, V> sorted = new TreeMap<>();
    map.forEach((key, value) -> sorted.put(key.toString(), value));
    return sorted;
  }

  private static Throwable cause(Throwable error) {
    Throwable inner = error;
    while (inner instanceof ExecutionException && inner.getCause() != null) inner = inner.getCause();
    return inner;
  }

  private static String nameOf(Throwable error) {
    return cause(error).getClass().getSimpleName();
  }

  private static void say(String... parts) {
    for (int at = 0; at < parts.length; at++) parts[at] = parts[at].replaceAll("\\s+", " ");
    System.out.println(String.join("\t", parts));
  }

  private Check() {}
}
