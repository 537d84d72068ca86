import static java.util.stream.Collectors.toList;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.AclBindingFilter;

/** What only today's Java client can: topic ids, the consumer protocol (KIP-848), the state of transactions. */
public final class LatestCases {
  public static void run() throws Exception {
    admin();
    groups();
    transactions();
    offsets();
  }

  private static void admin() {
    Check.check("admin", "topics by their ids", () -> {
      String topic = Cases.topic("ids", 1);
      Uuid id = Cases.admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).topicId();
      List<Uuid> nobodys = List.of(Uuid.fromString("AAAAAAAAAAAAAAAAAAAAAQ"));
      List<String> told = new ArrayList<>();
      told.add(Cases.admin.describeTopics(TopicCollection.ofTopicIds(List.of(id))).topicIdValues().get(id).get().name());
      told.add(Check.outcome(Cases.admin.describeTopics(TopicCollection.ofTopicIds(nobodys)).allTopicIds()));
      for (int turn = 0; turn < 2; turn++) {
        told.add(Check.outcome(Cases.admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all()));
      }
      return told;
    });
    Check.check("admin", "features of metadata, groups and transactions", () -> {
      var features = Cases.admin.describeFeatures().featureMetadata().get();
      List<String> told = new ArrayList<>();
      for (String name : List.of("metadata.version", "group.version", "transaction.version")) {
        told.add(features.finalizedFeatures().get(name) + " of " + features.supportedFeatures().get(name));
      }
      return told;
    });
    Check.check("admin", "the quorum", () -> {
      var quorum = Cases.admin.describeMetadataQuorum().quorumInfo().get();
      return quorum.voters().size() + " " + quorum.observers().size() + (quorum.leaderId() == quorum.voters().get(0).replicaId());
    });
    Check.check("admin", "access control lists are off", () ->
      Check.outcome(Cases.admin.describeAcls(AclBindingFilter.ANY).values()));
    Check.check("admin", "resources with configurations", () ->
      Check.outcome(() -> Cases.admin.listConfigResources().all().get().stream().map(each -> each.type().name())
        .distinct().sorted().collect(toList())));
    Check.check("admin", "operations one may do", () -> {
      String topic = Cases.topic("operations", 1);
      var ofTopic = Cases.admin.describeTopics(List.of(topic), new DescribeTopicsOptions().includeAuthorizedOperations(true))
        .allTopicNames().get().get(topic).authorizedOperations();
      var ofCluster = Cases.admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true))
        .authorizedOperations().get();
      return List.of(ofTopic.stream().map(Enum::name).sorted().collect(toList()),
        ofCluster.stream().map(Enum::name).sorted().collect(toList()));
    });
  }

  private static void groups() throws Exception {
    String topic = Cases.topic("latest-groups", 4);
    for (String assignor : List.of("uniform", "range")) {
      Check.check("groups", "two members share, one takes over, consumer protocol, " + assignor, () ->
        Rebalances.shareAndTakeOver(topic, 4, "group.protocol", "consumer", "group.remote.assignor", assignor));
    }
    Check.check("groups", "a pattern of the consumer protocol", () -> {
      String group = Check.fresh("group");
      try (KafkaConsumer<String, String> member = Cases.consumer("group.id", group, "group.protocol", "consumer")) {
        member.subscribe(new SubscriptionPattern(topic.substring(0, topic.length() - 3) + ".*"));
        Rebalances.await(List.of(member), 4);
        var described = Cases.admin.describeConsumerGroups(List.of(group)).all().get().get(group);
        return described.groupState() + " " + described.type() + " " + described.partitionAssignor();
      }
    });
    Check.check("groups", "described and listed by type", () -> {
      String group = Check.fresh("group");
      try (KafkaConsumer<String, String> member = Cases.consumer("group.id", group, "group.protocol", "consumer")) {
        member.subscribe(List.of(topic));
        Rebalances.await(List.of(member), 4);
        var options = new ListGroupsOptions().withTypes(Set.of(GroupType.CONSUMER));
        var listed = Cases.admin.listGroups(options).all().get().stream()
          .filter(each -> each.groupId().equals(group)).map(Object::toString).collect(toList());
        Map<String, String> described = new TreeMap<>();
        Cases.admin.describeConsumerGroups(List.of(group, group + "none")).describedGroups().forEach((name, found) ->
          described.put(name, Check.outcome(() -> found.get().groupState() + " " + found.get().members().size())));
        return listed + " " + described;
      }
    });
  }

  private static void transactions() {
    Check.check("transactions", "seen by the admin client", () -> {
      String topic = Cases.topic("seen", 1);
      String id = Check.fresh("id");
      TopicPartition partition = new TopicPartition(topic, 0);
      try (KafkaProducer<String, String> producer = Cases.producer("transactional.id", id)) {
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(topic, "open")).get();
        List<Object> told = new ArrayList<>();
        told.add(Cases.admin.listTransactions().all().get().stream()
          .filter(each -> each.transactionalId().equals(id)).map(each -> each.state()).collect(toList()));
        var described = Cases.admin.describeTransactions(List.of(id)).description(id).get();
        told.add(List.of(described.state(), described.topicPartitions(), described.transactionTimeoutMs()));
        var producers = Cases.admin.describeProducers(List.of(partition)).partitionResult(partition).get();
        told.add(producers.activeProducers().stream()
          .map(each -> each.lastSequence() + " " + each.currentTransactionStartOffset()).collect(toList()));
        told.add(Check.outcome(Cases.admin.fenceProducers(List.of(id)).all()));
        told.add(Check.outcome(() -> {
          producer.commitTransaction();
          return "committed";
        }));
        told.add(Check.outcome(Cases.admin.describeTransactions(List.of(id + "none")).description(id + "none")));
        return told;
      }
    });
  }

  private static void offsets() throws Exception {
    TopicPartition partition = new TopicPartition(Cases.topic("latest-offsets", 1), 0);
    Cases.write(partition.topic(), 1, 10);
    Map<String, OffsetSpec> asked = new TreeMap<>(Map.of("of the largest time", OffsetSpec.maxTimestamp(),
      "first here", OffsetSpec.earliestLocal(), "last elsewhere", OffsetSpec.latestTiered()));
    asked.forEach((name, spec) -> Check.check("offsets", "listed: " + name, () ->
      Check.outcome(Cases.admin.listOffsets(Map.of(partition, spec)).partitionResult(partition))
        .replaceAll("^.*ResultInfo", "")));
  }

  private LatestCases() {}
}
