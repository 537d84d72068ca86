import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.source.SourceConnector;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

/** Copies the lines of `file`, which does not change, into `topic`. */
public final class LinesSource extends SourceConnector {
  private static final int AT_ONCE = 50;
  private Map<String, String> settings;

  @Override
  public void start(Map<String, String> given) {
    settings = given;
  }

  @Override
  public Class<? extends Task> taskClass() {
    return Reader.class;
  }

  @Override
  public List<Map<String, String>> taskConfigs(int maxTasks) {
    return List.of(settings);
  }

  @Override
  public void stop() {}

  @Override
  public ConfigDef config() {
    return new ConfigDef()
        .define("file", ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "What is read")
        .define("topic", ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "Where its lines go");
  }

  @Override
  public String version() {
    return "1";
  }

  public static final class Reader extends SourceTask {
    private String topic;
    private Map<String, String> partition;
    private List<String> lines;
    private int next;

    @Override
    public void start(Map<String, String> settings) {
      topic = settings.get("topic");
      partition = Map.of("file", settings.get("file"));
      Map<String, Object> reached = context.offsetStorageReader().offset(partition);
      next = reached == null ? 0 : ((Number) reached.get("line")).intValue();
      try {
        lines = Files.readAllLines(Path.of(settings.get("file")));
      } catch (IOException error) {
        throw new org.apache.kafka.connect.errors.ConnectException(error);
      }
    }

    @Override
    public List<SourceRecord> poll() throws InterruptedException {
      List<SourceRecord> records = new ArrayList<>();
      for (; next < lines.size() && records.size() < AT_ONCE; next++) {
        Map<String, Integer> after = Map.of("line", next + 1);
        records.add(new SourceRecord(partition, after, topic, null, Schema.STRING_SCHEMA, lines.get(next)));
      }
      if (!records.isEmpty()) return records;
      Thread.sleep(100);
      return null;
    }

    @Override
    public void stop() {}

    @Override
    public String version() {
      return "1";
    }
  }
}
