import static java.util.stream.Collectors.toList;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.ClientQuotaFilter;

/** What Java clients learnt by 2.8: static and cooperative members, increments, offsets by the admin client. */
public final class NewerCases {
  public static void run() throws Exception {
    admin();
    groups();
    transactions();
    offsets();
  }

  private static void admin() {
    Check.check("admin", "defaults of a creation", () -> {
      String topic = Check.fresh("defaults");
      var created = Cases.admin.createTopics(List.of(new NewTopic(topic, Optional.empty(), Optional.empty())));
      return created.numPartitions(topic).get() + " " + created.replicationFactor(topic).get() + " "
        + created.config(topic).get().entries().size();
    });
    Check.check("admin", "increments of a configuration", () -> {
      ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, Cases.topic("increments", 1));
      List<String> told = new ArrayList<>();
      for (Map.Entry<AlterConfigOp.OpType, String[]> each : List.of(
          Map.entry(AlterConfigOp.OpType.APPEND, new String[] {"cleanup.policy", "compact"}),
          Map.entry(AlterConfigOp.OpType.SUBTRACT, new String[] {"cleanup.policy", "delete"}),
          Map.entry(AlterConfigOp.OpType.SET, new String[] {"cleanup.policy", "nonsense"}),
          Map.entry(AlterConfigOp.OpType.APPEND, new String[] {"retention.ms", "5"}),
          Map.entry(AlterConfigOp.OpType.DELETE, new String[] {"cleanup.policy", ""}))) {
        ConfigEntry entry = new ConfigEntry(each.getValue()[0], each.getValue()[1]);
        AlterConfigOp operation = new AlterConfigOp(entry, each.getKey());
        told.add(Check.outcome(Cases.admin.incrementalAlterConfigs(Map.of(resource, List.of(operation))).all()));
        told.add(Cases.admin.describeConfigs(List.of(resource)).all().get().get(resource).get("cleanup.policy").value());
      }
      return told;
    });
    Check.check("admin", "reassignments and elections", () -> {
      TopicPartition partition = new TopicPartition(Cases.topic("reassigned", 1), 0);
      return Check.outcome(Cases.admin.listPartitionReassignments(Set.of(partition)).reassignments()) + " "
        + Check.outcome(Cases.admin.electLeaders(org.apache.kafka.common.ElectionType.PREFERRED, Set.of(partition)).all());
    });
    Check.check("admin", "client quotas", () ->
      Check.outcome(Cases.admin.describeClientQuotas(ClientQuotaFilter.all()).entities()));
    Check.check("admin", "log directories", () -> {
      TopicPartition partition = new TopicPartition(Cases.topic("directories", 1), 0);
      int node = Cases.admin.describeCluster().controller().get().id();
      var found = Cases.admin.describeLogDirs(List.of(node)).descriptions().get(node).get();
      return found.values().stream().map(each -> each.replicaInfos().containsKey(partition)).collect(toList());
    });
  }

  private static void groups() throws Exception {
    String topic = Cases.topic("newer-groups", 4);
    String cooperative = "org.apache.kafka.clients.consumer.CooperativeStickyAssignor";
    Check.check("groups", "two members share, one takes over, CooperativeStickyAssignor", () ->
      Rebalances.shareAndTakeOver(topic, 4, "partition.assignment.strategy", cooperative, "heartbeat.interval.ms", "300"));
    Check.check("groups", "a static member comes back to its partitions", () -> {
      String group = Check.fresh("group");
      List<Object> told = new ArrayList<>();
      for (int turn = 0; turn < 2; turn++) {
        try (KafkaConsumer<String, String> member = Cases.consumer("group.id", group, "group.instance.id", "one")) {
          member.subscribe(List.of(topic));
          Rebalances.await(List.of(member), 4);
          told.add(member.groupMetadata().generationId());
        }
      }
      return told;
    });
    Check.check("groups", "described, removed, fenced", () -> {
      String group = Check.fresh("group");
      String[] settings = {"group.id", group, "group.instance.id", "one", "client.id", "client", "heartbeat.interval.ms", "300"};
      KafkaConsumer<String, String> member = Cases.consumer(settings);
      try {
        member.subscribe(List.of(topic));
        Rebalances.await(List.of(member), 4);
        var described = Cases.admin.describeConsumerGroups(List.of(group)).all().get().get(group);
        var only = described.members().iterator().next();
        List<Object> told = new ArrayList<>(List.of(described.partitionAssignor(), only.clientId(), only.host(),
          only.groupInstanceId(), only.assignment().topicPartitions().size()));
        told.add(Check.outcome(Cases.admin.deleteConsumerGroups(List.of(group)).all()));
        TopicPartition partition = new TopicPartition(topic, 0);
        told.add(Check.outcome(
          Cases.admin.alterConsumerGroupOffsets(group, Map.of(partition, new OffsetAndMetadata(1))).partitionResult(partition)));
        for (String name : List.of("one", "nobody")) {
          MemberToRemove removed = new MemberToRemove(name);
          var options = new RemoveMembersFromConsumerGroupOptions(List.of(removed));
          told.add(Check.outcome(Cases.admin.removeMembersFromConsumerGroup(group, options).memberResult(removed)));
        }
        return told;
      } finally {
        member.close(Duration.ofSeconds(1));
      }
    });
  }

  private static void transactions() {
    Check.check("transactions", "offsets count when it commits", () -> {
      String topic = Cases.topic("chain", 1);
      Cases.write(topic, 1, 10);
      String group = Check.fresh("group");
      List<String> told = new ArrayList<>();
      try (KafkaConsumer<String, String> consumer = Cases.consumer("group.id", group);
          KafkaProducer<String, String> producer = Cases.producer("transactional.id", Check.fresh("id"))) {
        consumer.subscribe(List.of(topic));
        List<ConsumerRecord<String, String>> records = Cases.read(consumer, 10);
        producer.initTransactions();
        for (int turn = 0; turn < 2; turn++) {
          producer.beginTransaction();
          for (var each : records) producer.send(new ProducerRecord<>(topic + "-out", each.value()));
          Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
          offsets.put(new TopicPartition(topic, 0), new OffsetAndMetadata(turn == 0 ? 5 : 10));
          producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
          if (turn == 0) producer.abortTransaction();
          else producer.commitTransaction();
          // The coordinator of the group hears of it by a marker, which Kafka writes after it has answered.
          if (turn == 1) Check.until(() -> !committed(group).isEmpty());
          told.add(committed(group).toString());
        }
      }
      return told;
    });
  }

  private static Map<TopicPartition, OffsetAndMetadata> committed(String group) throws Exception {
    return Cases.admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
  }

  private static void offsets() throws Exception {
    String topic = Cases.topic("newer-offsets", 2);
    List<TopicPartition> all = Cases.partitions(topic, 2);
    Cases.write(topic, 1, 10);
    Map<String, OffsetSpec> asked = new TreeMap<>(Map.of("first", OffsetSpec.earliest(), "last", OffsetSpec.latest(),
      "by time", OffsetSpec.forTimestamp(1_700_000_000_035L)));
    asked.forEach((name, spec) -> Check.check("offsets", "listed: " + name, () -> {
      ListOffsetsResult found = Cases.admin.listOffsets(Map.of(all.get(0), spec, all.get(1), spec));
      List<String> told = new ArrayList<>();
      for (TopicPartition each : all) told.add(Check.outcome(found.partitionResult(each)));
      return told.stream().map(each -> each.replaceAll("^.*ResultInfo", "")).collect(toList());
    }));
    Check.check("offsets", "altered, listed and deleted", () -> {
      String group = Check.fresh("group");
      List<Object> told = new ArrayList<>();
      var offset = new OffsetAndMetadata(2, Optional.of(0), "x");
      told.add(Check.outcome(Cases.admin.alterConsumerGroupOffsets(group, Map.of(all.get(0), offset, all.get(1), offset)).all()));
      told.add(Check.outcome(
        Cases.admin.alterConsumerGroupOffsets(group, Map.of(new TopicPartition(topic, 9), offset)).all()));
      told.add(Check.sorted(Cases.admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get()));
      told.add(Check.outcome(Cases.admin.deleteConsumerGroupOffsets(group, Set.of(all.get(0))).all()));
      told.add(Check.outcome(Cases.admin.deleteConsumerGroupOffsets(group + "none", Set.of(all.get(0))).all()));
      told.add(Check.sorted(Cases.admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get()));
      return told;
    });
  }

  private NewerCases() {}
}
