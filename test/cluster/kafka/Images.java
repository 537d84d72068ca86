import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.metadata.AbortTransactionRecord;
import org.apache.kafka.common.metadata.BeginTransactionRecord;
import org.apache.kafka.common.metadata.EndTransactionRecord;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.image.MetadataDelta;
import org.apache.kafka.image.MetadataImage;
import org.apache.kafka.image.MetadataProvenance;
import org.apache.kafka.image.writer.ImageWriterOptions;
import org.apache.kafka.image.writer.RecordListWriter;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.apache.kafka.server.common.ApiMessageAndVersion;

/** What Apache Kafka's image is after records of a metadata log: reads them as lines in hex, prints its snapshot as such lines. */
public class Images {
  static MetadataImage image = MetadataImage.EMPTY;

  public static void main(String[] args) throws Exception {
    List<ApiMessage> held = null;
    for (String line : new String(System.in.readAllBytes()).trim().split("\n")) {
      byte[] bytes = HexFormat.of().parseHex(line);
      ApiMessage record = MetadataRecordSerde.INSTANCE.read(new ByteBufferAccessor(ByteBuffer.wrap(bytes)), bytes.length).message();
      if (record instanceof BeginTransactionRecord) held = new ArrayList<>();
      else if (record instanceof AbortTransactionRecord) held = null;
      else if (record instanceof EndTransactionRecord) {
        held.forEach(Images::replay);
        held = null;
      } else if (held != null) held.add(record);
      else replay(record);
    }
    RecordListWriter writer = new RecordListWriter();
    image.write(writer, new ImageWriterOptions.Builder(image).setEligibleLeaderReplicasEnabled(true).build());
    for (ApiMessageAndVersion record : writer.records()) {
      ObjectSerializationCache cache = new ObjectSerializationCache();
      ByteBuffer buffer = ByteBuffer.allocate(MetadataRecordSerde.INSTANCE.recordSize(record, cache));
      MetadataRecordSerde.INSTANCE.write(record, cache, new ByteBufferAccessor(buffer));
      System.out.println(HexFormat.of().formatHex(buffer.array()));
    }
  }

  static void replay(ApiMessage record) {
    MetadataDelta delta = new MetadataDelta.Builder().setImage(image).build();
    delta.replay(record);
    image = delta.apply(new MetadataProvenance(image.highestOffsetAndEpoch().offset() + 1, 1, 1, true));
  }
}
