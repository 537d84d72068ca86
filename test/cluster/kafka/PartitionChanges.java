import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metadata.PartitionChangeRecord;
import org.apache.kafka.controller.PartitionChangeBuilder;
import org.apache.kafka.metadata.LeaderRecoveryState;
import org.apache.kafka.metadata.PartitionRegistration;
import org.apache.kafka.server.common.MetadataVersion;

/** Asks Apache Kafka what becomes of partitions: prints one JSON object a case. Arguments: seed, number of cases. */
public class PartitionChanges {
  static final int BROKERS = 5;
  final Random random;

  PartitionChanges(long seed) {
    random = new Random(seed);
  }

  public static void main(String[] args) {
    PartitionChanges cases = new PartitionChanges(Long.parseLong(args[0]));
    for (int i = 0; i < Integer.parseInt(args[1]);) {
      String line = cases.next();
      // A replica taken away while nobody leads: Kafka notes "-1" as the last known leader, and Ottla keeps who it was.
      if (line.contains("\"lastKnownElr\":[-1]")) continue;
      System.out.println(line);
      i++;
    }
  }

  List<Integer> some(List<Integer> from, double share) {
    return from.stream().filter(each -> random.nextDouble() < share).collect(Collectors.toList());
  }

  List<Integer> without(List<Integer> from, List<Integer> gone) {
    return from.stream().filter(each -> !gone.contains(each)).collect(Collectors.toList());
  }

  List<Integer> replicas(int count) {
    List<Integer> ids = new ArrayList<>();
    for (int id = 1; id <= BROKERS; id++) ids.add(id);
    java.util.Collections.shuffle(ids, random);
    return new ArrayList<>(ids.subList(0, count));
  }

  static int[] array(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  String next() {
    List<Integer> all = replicas(1 + random.nextInt(4));
    List<Integer> adding = List.of(), removing = List.of();
    if (random.nextInt(4) == 0 && all.size() > 1) {
      adding = some(all, 0.3);
      removing = without(some(all, 0.3), adding);
    }
    boolean hasElr = random.nextInt(4) > 0;
    int minIsr = 1 + random.nextInt(all.size());
    List<Integer> isr = some(all, 0.6);
    if (isr.isEmpty() && !hasElr) isr = List.of(all.get(0));
    List<Integer> elr = hasElr && isr.size() < minIsr ? some(without(all, isr), 0.5) : List.of();
    int leader = isr.isEmpty() || random.nextInt(6) == 0 ? -1 : isr.get(random.nextInt(isr.size()));
    List<Integer> last = hasElr && leader < 0 && random.nextBoolean() ? List.of(all.get(random.nextInt(all.size()))) : List.of();
    boolean recovering = random.nextInt(8) == 0;
    List<Integer> alive = some(List.of(1, 2, 3, 4, 5), 0.6);
    PartitionChangeBuilder.Election election = PartitionChangeBuilder.Election.values()[random.nextInt(3)];

    Uuid[] directories = new Uuid[all.size()];
    for (int i = 0; i < directories.length; i++) directories[i] = new Uuid(7, 1000 + all.get(i));
    PartitionRegistration partition = new PartitionRegistration.Builder().setReplicas(array(all)).setIsr(array(isr))
        .setElr(array(elr)).setLastKnownElr(array(last)).setAddingReplicas(array(adding)).setRemovingReplicas(array(removing))
        .setLeader(leader).setLeaderEpoch(3).setPartitionEpoch(5).setDirectories(directories)
        .setLeaderRecoveryState(recovering ? LeaderRecoveryState.RECOVERING : LeaderRecoveryState.RECOVERED).build();
    PartitionChangeBuilder builder = new PartitionChangeBuilder(
        partition, Uuid.ZERO_UUID, 0, alive::contains, MetadataVersion.latestTesting(), minIsr, hasElr);
    builder.setElection(election);
    builder.setDefaultDirProvider(broker -> new Uuid(7, 2000 + broker));

    StringBuilder target = new StringBuilder();
    if (random.nextInt(4) > 0) {
      List<Integer> wanted = random.nextBoolean() ? some(isr, 0.6) : some(all, 0.7);
      builder.setTargetIsr(wanted);
      target.append(",\"isr\":").append(wanted);
    }
    if (random.nextInt(5) == 0) {
      List<Integer> lost = some(all, 0.4);
      builder.setUncleanShutdownReplicas(lost);
      target.append(",\"lost\":").append(lost);
    }
    if (random.nextInt(6) == 0) {
      List<Integer> wanted = replicas(1 + random.nextInt(4));
      builder.setTargetReplicas(wanted);
      target.append(",\"replicas\":").append(wanted);
      List<Integer> added = some(wanted, 0.4);
      builder.setTargetAdding(added);
      target.append(",\"addingReplicas\":").append(added);
      List<Integer> removed = without(some(wanted, 0.4), added);
      builder.setTargetRemoving(removed);
      target.append(",\"removingReplicas\":").append(removed);
    }
    if (recovering && random.nextBoolean()) {
      builder.setTargetLeaderRecoveryState(LeaderRecoveryState.RECOVERED);
      target.append(",\"leaderRecoveryState\":0");
    }
    String change = builder.build().map(each -> text((PartitionChangeRecord) each.message())).orElse("null");
    return "{\"partition\":{\"replicas\":" + all + ",\"isr\":" + isr + ",\"elr\":" + elr + ",\"lastKnownElr\":" + last
        + ",\"addingReplicas\":" + adding + ",\"removingReplicas\":" + removing + ",\"leader\":" + leader
        + ",\"leaderRecoveryState\":" + (recovering ? 1 : 0) + "},\"target\":{" + (target.isEmpty() ? "" : target.substring(1))
        + "},\"rules\":{\"hasElr\":" + hasElr + ",\"minIsr\":" + minIsr + ",\"election\":\""
        + election.name().toLowerCase() + "\",\"alive\":" + alive + "},\"change\":" + change + "}";
  }

  String text(PartitionChangeRecord record) {
    List<String> fields = new ArrayList<>();
    if (record.leader() != -2) fields.add("\"leader\":" + record.leader());
    if (record.isr() != null) fields.add("\"isr\":" + record.isr());
    if (record.eligibleLeaderReplicas() != null) fields.add("\"eligibleLeaderReplicas\":" + record.eligibleLeaderReplicas());
    if (record.lastKnownElr() != null) fields.add("\"lastKnownElr\":" + record.lastKnownElr());
    if (record.replicas() != null) fields.add("\"replicas\":" + record.replicas());
    if (record.addingReplicas() != null) fields.add("\"addingReplicas\":" + record.addingReplicas());
    if (record.removingReplicas() != null) fields.add("\"removingReplicas\":" + record.removingReplicas());
    if (record.leaderRecoveryState() != -1) fields.add("\"leaderRecoveryState\":" + record.leaderRecoveryState());
    return "{" + String.join(",", fields) + "}";
  }
}
