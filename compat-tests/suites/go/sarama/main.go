// The cases, as Sarama does them.
package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"compat/check"

	"github.com/IBM/sarama"
)

var (
	admin  sarama.ClusterAdmin
	client sarama.Client
)

func config() *sarama.Config {
	made := sarama.NewConfig()
	made.Version = sarama.V4_0_0_0
	made.Admin.Timeout = 20 * time.Second
	made.Producer.Return.Successes = true
	made.Producer.RequiredAcks = sarama.WaitForAll
	made.Producer.Partitioner = sarama.NewManualPartitioner
	made.Consumer.Offsets.Initial = sarama.OffsetOldest
	made.Consumer.MaxWaitTime = 100 * time.Millisecond
	return made
}

func topicOf(word string, partitions int32) string {
	topic := check.Fresh(word)
	if err := admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1}, false); err != nil {
		panic(err)
	}
	_ = check.Until(func() bool {
		if client.RefreshMetadata(topic) != nil {
			return false
		}
		for at := range partitions {
			if _, err := client.GetOffset(topic, at, sarama.OffsetNewest); err != nil {
				return false
			}
		}
		return true
	})
	return topic
}

func messages(topic string, count, partitions int) []*sarama.ProducerMessage {
	made := make([]*sarama.ProducerMessage, count)
	for at := range made {
		made[at] = &sarama.ProducerMessage{Topic: topic, Partition: int32(at % partitions), Key: sarama.StringEncoder(fmt.Sprint("key-", at)),
			Value: sarama.StringEncoder(fmt.Sprint("value-", at)), Timestamp: time.UnixMilli(1_700_000_000_000 + int64(at)*10)}
	}
	return made
}

func write(own *sarama.Config, sent ...*sarama.ProducerMessage) error {
	producer, err := sarama.NewSyncProducer([]string{check.Bootstrap}, own)
	if err != nil {
		return err
	}
	defer producer.Close()
	return producer.SendMessages(sent)
}

// read gives so many messages of one partition from an offset on.
func read(own *sarama.Config, topic string, partition int32, from int64, count int) ([]*sarama.ConsumerMessage, error) {
	consumer, err := sarama.NewConsumer([]string{check.Bootstrap}, own)
	if err != nil {
		return nil, err
	}
	defer consumer.Close()
	part, err := consumer.ConsumePartition(topic, partition, from)
	if err != nil {
		return nil, err
	}
	defer part.Close()
	var found []*sarama.ConsumerMessage
	for len(found) < count {
		found = append(found, <-part.Messages())
	}
	return found, nil
}

func texts(found []*sarama.ConsumerMessage) string {
	var told []string
	for _, each := range found {
		told = append(told, fmt.Sprintf("%d %s=%s", each.Offset, each.Key, each.Value))
	}
	return strings.Join(told, "; ")
}

func roundTrip(own *sarama.Config, word string) (any, error) {
	topic := topicOf(word, 1)
	if err := write(own, messages(topic, 50, 1)...); err != nil {
		return nil, err
	}
	found, err := read(config(), topic, 0, 0, 50)
	return texts(found), err
}

func adminCases() {
	topic := check.Fresh("admin")
	detail := &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 1}
	check.Case("admin", "create a topic", func() (any, error) { return "", admin.CreateTopic(topic, detail, false) })
	check.Case("admin", "create it again", func() (any, error) { return check.Message(admin.CreateTopic(topic, detail, false)), nil })
	check.Case("admin", "list topics", func() (any, error) {
		var found sarama.TopicDetail
		err := check.Until(func() bool {
			all, err := admin.ListTopics()
			found = all[topic]
			return err == nil && found.NumPartitions > 0
		})
		return fmt.Sprint(found.NumPartitions, found.ReplicationFactor), err
	})
	check.Case("admin", "describe topics", func() (any, error) {
		found, err := admin.DescribeTopics([]string{topic, topic + "none"})
		var told []string
		for _, each := range found {
			told = append(told, fmt.Sprint(each.Name, each.Err, len(each.Partitions)))
		}
		return check.Sorted(told), err
	})
	check.Case("admin", "describe and alter configurations", func() (any, error) {
		value := "100000"
		changes := map[string]sarama.IncrementalAlterConfigsEntry{"segment.ms": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &value}}
		if err := admin.IncrementalAlterConfig(sarama.TopicResource, topic, changes, false); err != nil {
			return nil, err
		}
		asked := sarama.ConfigResource{Type: sarama.TopicResource, Name: topic, ConfigNames: []string{"retention.ms", "segment.ms"}}
		var told []string
		err := check.Until(func() bool {
			found, err := admin.DescribeConfig(asked)
			told = nil
			for _, each := range found {
				told = append(told, fmt.Sprint(each.Name, "=", each.Value, " ", each.Default, each.Source))
			}
			return err == nil && strings.Contains(check.Sorted(told), "100000")
		})
		return check.Sorted(told), err
	})
	check.Case("admin", "add partitions", func() (any, error) {
		more := admin.CreatePartitions(topic, 4, nil, false)
		return check.Message(more) + check.Message(admin.CreatePartitions(topic, 3, nil, false)), nil
	})
	check.Case("admin", "delete records", func() (any, error) {
		own := topicOf("records", 1)
		if err := write(config(), messages(own, 10, 1)...); err != nil {
			return nil, err
		}
		if err := admin.DeleteRecords(own, map[int32]int64{0: 5}); err != nil {
			return nil, err
		}
		return client.GetOffset(own, 0, sarama.OffsetOldest)
	})
	check.Case("admin", "describe the cluster", func() (any, error) {
		brokers, controller, err := admin.DescribeCluster()
		return fmt.Sprint(len(brokers), controller), err
	})
	check.Case("admin", "log directories", func() (any, error) {
		found, err := admin.DescribeLogDirs([]int32{1})
		return len(found[1]), err
	})
	check.Case("admin", "delete topics", func() (any, error) {
		return check.Message(admin.DeleteTopic(topic)) + check.Message(admin.DeleteTopic(topic+"none")), nil
	})
}

func produceCases() {
	for _, acks := range []sarama.RequiredAcks{sarama.WaitForAll, sarama.WaitForLocal, sarama.NoResponse} {
		check.Case("produce", fmt.Sprint("acks ", acks), func() (any, error) {
			own := config()
			own.Producer.RequiredAcks = acks
			return roundTrip(own, "acks")
		})
	}
	check.Case("produce", "idempotent", func() (any, error) {
		own := config()
		own.Producer.Idempotent = true
		own.Net.MaxOpenRequests = 1
		return roundTrip(own, "idempotent")
	})
	check.Case("produce", "too large a record", func() (any, error) {
		own := config()
		own.Producer.MaxMessageBytes = 9_000_000
		large := &sarama.ProducerMessage{Topic: topicOf("large", 1), Value: sarama.StringEncoder(strings.Repeat("x", 2_000_000))}
		return check.Message(write(own, large)), nil
	})
	for _, codec := range []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4, sarama.CompressionZSTD} {
		check.Case("compression", codec.String(), func() (any, error) {
			own := config()
			own.Producer.Compression = codec
			return roundTrip(own, codec.String())
		})
	}
}

func consumeCases() {
	topic := topicOf("consume", 3)
	if err := write(config(), messages(topic, 60, 3)...); err != nil {
		panic(err)
	}
	check.Case("consume", "from the beginning, in order", func() (any, error) {
		found, err := read(config(), topic, 1, sarama.OffsetOldest, 20)
		return texts(found), err
	})
	check.Case("consume", "from an offset", func() (any, error) {
		found, err := read(config(), topic, 2, 15, 5)
		return texts(found), err
	})
	check.Case("consume", "an offset out of range", func() (any, error) {
		_, err := read(config(), topic, 0, 10_000, 1)
		return check.Message(err), nil
	})
}

type member struct {
	got  *sync.Map
	read func()
}

func (member) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (member) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (each member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case message, isOpen := <-claim.Messages():
			if !isOpen {
				return nil
			}
			session.MarkMessage(message, "metadata")
			if _, isKnown := each.got.LoadOrStore(fmt.Sprint(message.Partition, ":", message.Offset), true); !isKnown {
				each.read()
			}
		case <-session.Context().Done():
			return nil
		}
	}
}

func groupCases() {
	topic := topicOf("groups", 4)
	if err := write(config(), messages(topic, 40, 4)...); err != nil {
		panic(err)
	}
	strategies := map[string]sarama.BalanceStrategy{"range": sarama.NewBalanceStrategyRange(),
		"round robin": sarama.NewBalanceStrategyRoundRobin(), "sticky, static members": sarama.NewBalanceStrategySticky()}
	for _, name := range []string{"range", "round robin", "sticky, static members"} {
		check.Case("groups", "two members read all, "+name, func() (any, error) {
			group := check.Fresh("group")
			if err := together(topic, group, strategies[name], strings.Contains(name, "static")); err != nil {
				return nil, err
			}
			found, err := admin.ListConsumerGroupOffsets(group, map[string][]int32{topic: {0, 1, 2, 3}})
			if err != nil {
				return nil, err
			}
			var told []string
			for partition, each := range found.Blocks[topic] {
				told = append(told, fmt.Sprint(partition, ":", each.Offset, each.Metadata, each.Err))
			}
			return check.Sorted(told), nil
		})
	}
	check.Case("groups", "described, listed and deleted", func() (any, error) {
		group := check.Fresh("group")
		if err := together(topic, group, strategies["range"], false); err != nil {
			return nil, err
		}
		described, err := admin.DescribeConsumerGroups([]string{group})
		if err != nil {
			return nil, err
		}
		listed, err := admin.ListConsumerGroups()
		return fmt.Sprint(described[0].State, described[0].ProtocolType, listed[group], check.Message(admin.DeleteConsumerGroup(group)),
			check.Message(admin.DeleteConsumerGroup(group+"none"))), err
	})
}

// together has two members of a group read forty messages.
func together(topic, group string, strategy sarama.BalanceStrategy, isStatic bool) error {
	var got sync.Map
	var lock sync.Mutex
	var members sync.WaitGroup
	var failed error
	count := 0
	reading, stop := context.WithTimeout(context.Background(), 40*time.Second)
	defer stop()
	for at := range 2 {
		own := config()
		own.Consumer.Group.Heartbeat.Interval = 300 * time.Millisecond
		own.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{strategy}
		if isStatic {
			own.Consumer.Group.InstanceId = fmt.Sprint("instance-", at)
		}
		consumers, err := sarama.NewConsumerGroup([]string{check.Bootstrap}, group, own)
		if err != nil {
			return err
		}
		read := func() {
			lock.Lock()
			defer lock.Unlock()
			if count++; count == 40 {
				time.AfterFunc(500*time.Millisecond, stop)
			}
		}
		members.Add(1)
		go func() {
			defer members.Done()
			defer consumers.Close()
			for reading.Err() == nil {
				if err := consumers.Consume(reading, []string{topic}, member{&got, read}); err != nil && reading.Err() == nil {
					failed = err
				}
			}
		}()
	}
	members.Wait()
	return failed
}

func transactionCases() {
	check.Case("transactions", "committed is read, aborted is not", func() (any, error) {
		topic := topicOf("transactions", 1)
		own := config()
		own.Producer.Idempotent = true
		own.Net.MaxOpenRequests = 1
		own.Producer.Transaction.ID = check.Fresh("id")
		producer, err := sarama.NewSyncProducer([]string{check.Bootstrap}, own)
		if err != nil {
			return nil, err
		}
		defer producer.Close()
		for _, word := range []string{"a", "b", "c"} {
			if err := producer.BeginTxn(); err != nil {
				return nil, err
			}
			if _, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(word)}); err != nil {
				return nil, err
			}
			end := producer.CommitTxn
			if word == "b" {
				end = producer.AbortTxn
			}
			if err := end(); err != nil {
				return nil, err
			}
		}
		reader := config()
		reader.Consumer.IsolationLevel = sarama.ReadCommitted
		found, err := read(reader, topic, 0, 0, 2)
		return texts(found), err
	})
}

func headerCases() {
	check.Case("headers", "headers and times come back", func() (any, error) {
		topic := topicOf("headers", 1)
		sent := &sarama.ProducerMessage{Topic: topic, Timestamp: time.UnixMilli(1_700_000_000_123),
			Headers: []sarama.RecordHeader{{Key: []byte("one"), Value: []byte("a")}, {Key: []byte("null")}}}
		if err := write(config(), sent); err != nil {
			return nil, err
		}
		found, err := read(config(), topic, 0, 0, 1)
		if err != nil {
			return nil, err
		}
		var told []string
		for _, each := range found[0].Headers {
			told = append(told, fmt.Sprintf("%s=%s", each.Key, each.Value))
		}
		return fmt.Sprint(told, found[0].Timestamp.UnixMilli(), found[0].Key == nil, found[0].Value == nil), nil
	})
}

func offsetCases() {
	topic := topicOf("offsets", 2)
	if err := write(config(), messages(topic, 10, 1)...); err != nil {
		panic(err)
	}
	for name, at := range map[string]int64{"first": sarama.OffsetOldest, "last": sarama.OffsetNewest,
		"by time": 1_700_000_000_035, "by a time to come": 4_000_000_000_000} {
		check.Case("offsets", name, func() (any, error) {
			one, err := client.GetOffset(topic, 0, at)
			if err != nil {
				return nil, err
			}
			other, err := client.GetOffset(topic, 1, at)
			return fmt.Sprint(one, other), err
		})
	}
}

func main() {
	var err error
	if client, err = sarama.NewClient([]string{check.Bootstrap}, config()); err != nil {
		panic(err)
	}
	if admin, err = sarama.NewClusterAdmin([]string{check.Bootstrap}, config()); err != nil {
		panic(err)
	}
	check.All(map[string]func(){"admin": adminCases, "produce": produceCases, "consume": consumeCases, "groups": groupCases,
		"transactions": transactionCases, "headers": headerCases, "offsets": offsetCases})
}
