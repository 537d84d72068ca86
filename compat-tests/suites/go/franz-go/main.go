// The cases, as franz-go does them.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"compat/check"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"
)

var (
	ctx   = context.Background()
	admin *kadm.Client
)

// client is one with the options of all and its own; a third argument pins the client to the requests of an old Kafka.
func client(own ...kgo.Opt) *kgo.Client {
	options := []kgo.Opt{kgo.SeedBrokers(check.Bootstrap), kgo.FetchMaxWait(100 * time.Millisecond), kgo.RecordPartitioner(kgo.ManualPartitioner())}
	if len(os.Args) > 3 && os.Args[3] != "" {
		options = append(options, kgo.MaxVersions(kversion.FromString(os.Args[3])))
	}
	made, err := kgo.NewClient(append(options, own...)...)
	if err != nil {
		panic(err)
	}
	return made
}

func topicOf(word string, partitions int32) string {
	topic := check.Fresh(word)
	if _, err := admin.CreateTopic(ctx, partitions, 1, nil, topic); err != nil {
		panic(err)
	}
	// Kafka's broker learns of a topic a moment after its controller has made it.
	_ = check.Until(func() bool {
		offsets, err := admin.ListEndOffsets(ctx, topic)
		return err == nil && offsets.Error() == nil && len(offsets[topic]) == int(partitions)
	})
	return topic
}

func some(topic string, count, partitions int) []*kgo.Record {
	records := make([]*kgo.Record, count)
	for at := range records {
		records[at] = &kgo.Record{
			Topic:     topic,
			Partition: int32(at % partitions),
			Key:       fmt.Appendf(nil, "key-%d", at),
			Value:     fmt.Appendf(nil, "value-%d", at),
			Timestamp: time.UnixMilli(1_700_000_000_000 + int64(at)*10),
		}
	}
	return records
}

func write(topic string, count, partitions int, options ...kgo.Opt) ([]*kgo.Record, error) {
	producer := client(options...)
	defer producer.Close()
	records := some(topic, count, partitions)
	return records, producer.ProduceSync(ctx, records...).FirstErr()
}

// read polls until there are so many records.
func read(consumer *kgo.Client, count int) ([]string, error) {
	var texts []string
	for len(texts) < count {
		fetches := consumer.PollFetches(ctx)
		if errs := fetches.Errors(); len(errs) > 0 {
			return nil, errs[0].Err
		}
		fetches.EachRecord(func(record *kgo.Record) {
			texts = append(texts, fmt.Sprintf("%d/%03d %s=%s", record.Partition, record.Offset, record.Key, record.Value))
		})
	}
	return texts, nil
}

func readAll(topic string, count int, options ...kgo.Opt) (any, error) {
	consumer := client(append(options, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	defer consumer.Close()
	texts, err := read(consumer, count)
	return check.Sorted(texts), err
}

func adminCases() {
	topic := check.Fresh("admin")
	check.Case("admin", "create a topic", func() (any, error) {
		value := "5000000"
		created, err := admin.CreateTopics(ctx, 2, 1, map[string]*string{"retention.ms": &value}, topic)
		return fmt.Sprint(created[topic].NumPartitions, created[topic].ReplicationFactor, created[topic].Err), err
	})
	check.Case("admin", "create what cannot be", func() (any, error) {
		value := "x"
		found, err := admin.ValidateCreateTopics(ctx, 1, 1, map[string]*string{"retention.ms": &value}, topic+"v", "a b", topic)
		var texts []string
		for name, each := range found {
			texts = append(texts, fmt.Sprint(name, each.Err))
		}
		return check.Sorted(texts), err
	})
	check.Case("admin", "list topics", func() (any, error) {
		found, err := admin.ListTopics(ctx, topic, topic+"none")
		return fmt.Sprint(len(found[topic].Partitions), found[topic].Err, found[topic+"none"].Err, found[topic].IsInternal), err
	})
	check.Case("admin", "add partitions", func() (any, error) {
		found, err := admin.CreatePartitions(ctx, 2, topic, topic+"none")
		fewer, _ := admin.UpdatePartitions(ctx, 2, topic)
		return fmt.Sprint(found[topic].Err, found[topic+"none"].Err, fewer[topic].Err), err
	})
	check.Case("admin", "describe and alter configurations", func() (any, error) {
		value := "compact"
		own := topicOf("configured", 1)
		_, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "cleanup.policy", Value: &value}}, own)
		if err != nil {
			return nil, err
		}
		var now string
		return "compact", check.Until(func() bool {
			found, err := admin.DescribeTopicConfigs(ctx, own)
			if err != nil || found[0].Err != nil {
				return false
			}
			for _, each := range found[0].Configs {
				if each.Key == "cleanup.policy" {
					now = each.MaybeValue()
				}
			}
			return now == "compact"
		})
	})
	check.Case("admin", "delete records", func() (any, error) {
		own := topicOf("records", 2)
		if _, err := write(own, 20, 2); err != nil {
			return nil, err
		}
		offsets := kadm.Offsets{}
		offsets.AddOffset(own, 0, 5, 0)
		offsets.AddOffset(own, 1, 5000, 0)
		found, err := admin.DeleteRecords(ctx, offsets)
		return fmt.Sprint(found[own][0].LowWatermark, found[own][0].Err, found[own][1].Err), err
	})
	check.Case("admin", "describe the cluster", func() (any, error) {
		found, err := admin.BrokerMetadata(ctx)
		return fmt.Sprint(len(found.Brokers), found.Controller), err
	})
	check.Case("admin", "epochs of leaders", func() (any, error) {
		var asked kadm.OffsetForLeaderEpochRequest
		own := topicOf("epochs", 1)
		asked.Add(own, 0, 0)
		found, err := admin.OffsetForLeaderEpoch(ctx, asked)
		return fmt.Sprint(found[own][0].LeaderEpoch, found[own][0].EndOffset, found[own][0].Err), err
	})
	check.Case("admin", "delete topics", func() (any, error) {
		found, err := admin.DeleteTopics(ctx, topic, topic+"none")
		return fmt.Sprint(found[topic].Err, found[topic+"none"].Err), err
	})
}

func produceCases() {
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	for _, name := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		check.Case("compression", name, func() (any, error) {
			topic := topicOf(name, 1)
			if _, err := write(topic, 100, 1, kgo.ProducerBatchCompression(codecs[name])); err != nil {
				return nil, err
			}
			return readAll(topic, 100)
		})
	}
	acks := map[string]kgo.Acks{"acks -1": kgo.AllISRAcks(), "acks 1": kgo.LeaderAck(), "acks 0": kgo.NoAck()}
	for _, name := range []string{"acks -1", "acks 1", "acks 0"} {
		check.Case("produce", name, func() (any, error) {
			topic := topicOf("acks", 1)
			if _, err := write(topic, 20, 1, kgo.DisableIdempotentWrite(), kgo.RequiredAcks(acks[name])); err != nil {
				return nil, err
			}
			return readAll(topic, 20)
		})
	}
	check.Case("produce", "idempotent", func() (any, error) {
		topic := topicOf("idempotent", 1)
		records, err := write(topic, 500, 1, kgo.ProducerBatchMaxBytes(1024))
		return fmt.Sprint(records[499].Offset), err
	})
	check.Case("produce", "too large a record", func() (any, error) {
		topic := topicOf("large", 1)
		producer := client(kgo.ProducerBatchMaxBytes(8<<20), kgo.ProducerBatchCompression(kgo.NoCompression()))
		defer producer.Close()
		large := &kgo.Record{Topic: topic, Value: []byte(strings.Repeat("x", 2_000_000))}
		return check.Message(producer.ProduceSync(ctx, large).FirstErr()), nil
	})
}

func consumeCases() {
	topic := topicOf("consume", 3)
	if _, err := write(topic, 60, 3); err != nil {
		panic(err)
	}
	check.Case("consume", "from the beginning, in order", func() (any, error) { return readAll(topic, 60) })
	check.Case("consume", "the last records", func() (any, error) {
		end := map[string]map[int32]kgo.Offset{topic: {1: kgo.NewOffset().AtEnd().Relative(-7)}}
		consumer := client(kgo.ConsumePartitions(end))
		defer consumer.Close()
		return read(consumer, 7)
	})
	check.Case("consume", "after a time", func() (any, error) {
		after := map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AfterMilli(1_700_000_000_500)}}
		consumer := client(kgo.ConsumePartitions(after))
		defer consumer.Close()
		return read(consumer, 3)
	})
}

func groupCases() {
	topic := topicOf("groups", 4)
	if _, err := write(topic, 40, 4); err != nil {
		panic(err)
	}
	kinds := map[string][]kgo.Opt{
		"cooperative": {kgo.Balancers(kgo.CooperativeStickyBalancer())}, "range": {kgo.Balancers(kgo.RangeBalancer())},
		"sticky, static members": {kgo.Balancers(kgo.StickyBalancer())}, "round robin": {kgo.Balancers(kgo.RoundRobinBalancer())},
	}
	for _, kind := range []string{"cooperative", "range", "round robin", "sticky, static members"} {
		check.Case("groups", "three members read all, "+kind, func() (any, error) {
			return together(topic, check.Fresh("group"), kind == "sticky, static members", kinds[kind])
		})
	}
	check.Case("groups", "described, listed and deleted", func() (any, error) {
		group := check.Fresh("group")
		if _, err := readAll(topic, 40, kgo.ConsumerGroup(group)); err != nil {
			return nil, err
		}
		described, err := admin.DescribeGroups(ctx, group, group+"none")
		if err != nil {
			return nil, err
		}
		listed, err := admin.ListGroups(ctx)
		if err != nil {
			return nil, err
		}
		deleted, err := admin.DeleteGroups(ctx, group, group+"none")
		return fmt.Sprint(described[group].State, len(described[group].Members), described[group+"none"].State,
			listed[group].ProtocolType, deleted[group].Err, deleted[group+"none"].Err), err
	})
}

// together has three members read a topic of four partitions with ten records each, and tells what they committed.
func together(topic, group string, isStatic bool, options []kgo.Opt) (any, error) {
	var lock sync.Mutex
	var members sync.WaitGroup
	got := map[string]bool{}
	reading, stop := context.WithTimeout(ctx, 40*time.Second)
	defer stop()
	for at := range 3 {
		own := append([]kgo.Opt{kgo.ConsumeTopics(topic), kgo.ConsumerGroup(group), kgo.HeartbeatInterval(300 * time.Millisecond),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit()}, options...)
		if isStatic {
			own = append(own, kgo.InstanceID(fmt.Sprint("instance-", at)))
		}
		consumer := client(own...)
		members.Add(1)
		go func() {
			defer members.Done()
			defer consumer.Close()
			for {
				// Not for ever: what a rebalance keeps from being committed is committed in the next turn.
				turn, next := context.WithTimeout(reading, 200*time.Millisecond)
				fetches := consumer.PollFetches(turn)
				next()
				if reading.Err() != nil {
					return
				}
				lock.Lock()
				fetches.EachRecord(func(record *kgo.Record) { got[fmt.Sprint(record.Partition, ":", record.Offset)] = true })
				isDone := len(got) == 40
				lock.Unlock()
				_ = consumer.CommitUncommittedOffsets(ctx)
				if committed, err := admin.FetchOffsets(ctx, group); isDone && err == nil && total(committed) == 40 {
					stop()
				}
			}
		}()
	}
	members.Wait()
	committed, err := admin.FetchOffsets(ctx, group)
	return fmt.Sprint(len(got), total(committed)), err
}

func total(offsets kadm.OffsetResponses) int64 {
	var sum int64
	offsets.Each(func(each kadm.OffsetResponse) { sum += each.At })
	return sum
}

func transactionCases() {
	check.Case("transactions", "committed is read, aborted is not", func() (any, error) {
		topic := topicOf("transactions", 2)
		producer := client(kgo.TransactionalID(check.Fresh("id")))
		defer producer.Close()
		for _, word := range []string{"a", "b", "c"} {
			if err := producer.BeginTransaction(); err != nil {
				return nil, err
			}
			for partition := range int32(2) {
				record := &kgo.Record{Topic: topic, Partition: partition, Value: []byte(word)}
				if err := producer.ProduceSync(ctx, record).FirstErr(); err != nil {
					return nil, err
				}
			}
			if err := producer.EndTransaction(ctx, kgo.TransactionEndTry(word != "b")); err != nil {
				return nil, err
			}
		}
		return readAll(topic, 4, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	})
	check.Case("transactions", "a group's session copies once", func() (any, error) {
		from, to := topicOf("from", 1), topicOf("to", 1)
		if _, err := write(from, 30, 1); err != nil {
			return nil, err
		}
		options := []kgo.Opt{kgo.SeedBrokers(check.Bootstrap), kgo.TransactionalID(check.Fresh("id")), kgo.ConsumerGroup(check.Fresh("group")),
			kgo.ConsumeTopics(from), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted())}
		if len(os.Args) > 3 && os.Args[3] != "" {
			options = append(options, kgo.MaxVersions(kversion.FromString(os.Args[3])))
		}
		session, err := kgo.NewGroupTransactSession(options...)
		if err != nil {
			return nil, err
		}
		defer session.Close()
		for copied := 0; copied < 30; {
			records := session.PollFetches(ctx).Records()
			if err := session.Begin(); err != nil {
				return nil, err
			}
			for _, each := range records {
				session.Produce(ctx, &kgo.Record{Topic: to, Value: each.Value}, nil)
			}
			if ended, err := session.End(ctx, kgo.TryCommit); err != nil || !ended {
				return nil, fmt.Errorf("not committed: %v", err)
			}
			copied += len(records)
		}
		return readAll(to, 30, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	})
}

func headerCases() {
	check.Case("headers", "headers and times come back", func() (any, error) {
		topic := topicOf("headers", 1)
		producer := client()
		defer producer.Close()
		sent := &kgo.Record{Topic: topic, Timestamp: time.UnixMilli(1_700_000_000_123), Headers: []kgo.RecordHeader{
			{Key: "one", Value: []byte("a")}, {Key: "one", Value: []byte("b")}, {Key: "null"}, {Key: "", Value: []byte{}}}}
		if err := producer.ProduceSync(ctx, sent).FirstErr(); err != nil {
			return nil, err
		}
		consumer := client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		defer consumer.Close()
		record := consumer.PollFetches(ctx).Records()[0]
		return fmt.Sprint(record.Headers, record.Timestamp.UnixMilli(), record.Key == nil, record.Value == nil), nil
	})
}

func offsetCases() {
	topic := topicOf("offsets", 2)
	if _, err := write(topic, 10, 1); err != nil {
		panic(err)
	}
	for _, each := range []struct {
		name string
		list func() (kadm.ListedOffsets, error)
	}{
		{"first", func() (kadm.ListedOffsets, error) { return admin.ListStartOffsets(ctx, topic) }},
		{"last", func() (kadm.ListedOffsets, error) { return admin.ListEndOffsets(ctx, topic) }},
		{"last committed", func() (kadm.ListedOffsets, error) { return admin.ListCommittedOffsets(ctx, topic) }},
		{"by time", func() (kadm.ListedOffsets, error) { return admin.ListOffsetsAfterMilli(ctx, 1_700_000_000_035, topic) }},
		{"of the largest time", func() (kadm.ListedOffsets, error) { return admin.ListMaxTimestampOffsets(ctx, topic) }},
	} {
		check.Case("offsets", each.name, func() (any, error) {
			found, err := each.list()
			var texts []string
			found.Each(func(offset kadm.ListedOffset) {
				texts = append(texts, fmt.Sprint(offset.Partition, ":", offset.Offset, " ", offset.Timestamp, " ", offset.LeaderEpoch, offset.Err))
			})
			return check.Sorted(texts), err
		})
	}
	check.Case("offsets", "committed, fetched and deleted", func() (any, error) {
		group := check.Fresh("group")
		offsets := kadm.Offsets{}
		offsets.Add(kadm.Offset{Topic: topic, Partition: 0, At: 5, LeaderEpoch: 0, Metadata: "méta"})
		offsets.AddOffset(topic+"none", 0, 5, 0)
		committed, err := admin.CommitOffsets(ctx, group, offsets)
		if err != nil {
			return nil, err
		}
		fetched := admin.FetchManyOffsets(ctx, group, group+"none")
		lag, err := admin.Lag(ctx, group)
		if err != nil {
			return nil, err
		}
		deleted, err := admin.DeleteOffsets(ctx, group, kadm.TopicsSet{topic: {0: {}}})
		return fmt.Sprint(committed[topic][0].Err, committed[topic+"none"][0].Err, fetched[group].Fetched[topic][0].Offset.Metadata,
			fetched[group+"none"].Err, lag[group].Lag.Total(), deleted.Error()), err
	})
}

func main() {
	plain := client()
	admin = kadm.NewClient(plain)
	check.All(map[string]func(){"admin": adminCases, "produce": produceCases, "consume": consumeCases, "groups": groupCases,
		"transactions": transactionCases, "headers": headerCases, "offsets": offsetCases})
	plain.Close()
}
