// The cases, as segmentio/kafka-go does them.
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"compat/check"

	"github.com/segmentio/kafka-go"
)

var (
	ctx    = context.Background()
	client = &kafka.Client{Addr: kafka.TCP(check.Bootstrap), Timeout: 20 * time.Second}
)

func topicOf(word string, partitions int) string {
	topic := check.Fresh(word)
	asked := kafka.TopicConfig{Topic: topic, NumPartitions: partitions, ReplicationFactor: 1}
	if found, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{asked}}); err != nil || found.Errors[topic] != nil {
		panic(fmt.Sprint(err, found))
	}
	_ = check.Until(func() bool {
		found, err := offsets(topic, partitions, kafka.LastOffset)
		return err == nil && !strings.Contains(found, "error")
	})
	return topic
}

func offsets(topic string, partitions int, at int64) (string, error) {
	asked := map[string][]kafka.OffsetRequest{}
	for partition := range partitions {
		request := kafka.TimeOffsetOf(partition, time.UnixMilli(at))
		switch at {
		case kafka.FirstOffset:
			request = kafka.FirstOffsetOf(partition)
		case kafka.LastOffset:
			request = kafka.LastOffsetOf(partition)
		}
		asked[topic] = append(asked[topic], request)
	}
	found, err := client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: asked})
	if err != nil {
		return "", err
	}
	var told []string
	for _, each := range found.Topics[topic] {
		if each.Error != nil {
			told = append(told, fmt.Sprint(each.Partition, " error ", each.Error))
			continue
		}
		told = append(told, fmt.Sprint(each.Partition, ": ", each.FirstOffset, each.LastOffset, len(each.Offsets)))
	}
	return check.Sorted(told), nil
}

func messages(count int) []kafka.Message {
	made := make([]kafka.Message, count)
	for at := range made {
		made[at] = kafka.Message{Key: fmt.Appendf(nil, "key-%d", at), Value: fmt.Appendf(nil, "value-%d", at),
			Time: time.UnixMilli(1_700_000_000_000 + int64(at)*10)}
	}
	return made
}

func writer(topic string) *kafka.Writer {
	return &kafka.Writer{Addr: kafka.TCP(check.Bootstrap), Topic: topic, BatchTimeout: 10 * time.Millisecond, RequiredAcks: kafka.RequireAll, MaxAttempts: 3}
}

func write(made *kafka.Writer, sent ...kafka.Message) error {
	defer made.Close()
	return made.WriteMessages(ctx, sent...)
}

func read(config kafka.ReaderConfig, count int) (string, error) {
	config.Brokers = []string{check.Bootstrap}
	config.MaxWait = 100 * time.Millisecond
	reader := kafka.NewReader(config)
	defer reader.Close()
	var told []string
	for range count {
		message, err := reader.ReadMessage(ctx)
		if err != nil {
			return "", err
		}
		told = append(told, fmt.Sprintf("%d/%03d %s=%s", message.Partition, message.Offset, message.Key, message.Value))
	}
	return check.Sorted(told), nil
}

func roundTrip(made *kafka.Writer, count int) (any, error) {
	if err := write(made, messages(count)...); err != nil {
		return nil, err
	}
	return read(kafka.ReaderConfig{Topic: made.Topic}, count)
}

func adminCases() {
	topic := check.Fresh("admin")
	create := func(name string) string {
		asked := kafka.TopicConfig{Topic: name, NumPartitions: 2, ReplicationFactor: 1}
		found, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{asked}})
		if err != nil {
			return err.Error()
		}
		var code kafka.Error // what the broker adds to it is its own wording
		if errors.As(found.Errors[name], &code) {
			return code.Title()
		}
		return check.Message(found.Errors[name])
	}
	check.Case("admin", "create a topic", func() (any, error) { return create(topic), nil })
	check.Case("admin", "create it again", func() (any, error) { return create(topic), nil })
	check.Case("admin", "create one with an impossible name", func() (any, error) { return create("a b"), nil })
	check.Case("admin", "describe a topic", func() (any, error) {
		var told string
		err := check.Until(func() bool {
			found, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
			if err != nil || found.Topics[0].Error != nil {
				return false
			}
			told = fmt.Sprint(len(found.Topics[0].Partitions), len(found.Brokers), found.Controller.ID)
			return true
		})
		return told, err
	})
	check.Case("admin", "configurations of a topic", func() (any, error) {
		asked := kafka.DescribeConfigRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic, ConfigNames: []string{"retention.ms"}}
		found, err := client.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{asked}})
		if err != nil {
			return nil, err
		}
		entry := found.Resources[0].ConfigEntries[0]
		return fmt.Sprint(entry.ConfigName, entry.ConfigValue, entry.ConfigSource, entry.ReadOnly), nil
	})
	check.Case("admin", "add partitions", func() (any, error) {
		asked := kafka.TopicPartitionsConfig{Name: topic, Count: 3}
		found, err := client.CreatePartitions(ctx, &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{asked}})
		if err != nil {
			return nil, err
		}
		return check.Message(found.Errors[topic]), nil
	})
	check.Case("admin", "delete topics", func() (any, error) {
		found, err := client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{topic, topic + "none"}})
		if err != nil {
			return nil, err
		}
		return check.Message(found.Errors[topic]) + check.Message(found.Errors[topic+"none"]), nil
	})
}

func produceCases() {
	for name, acks := range map[string]kafka.RequiredAcks{"acks -1": kafka.RequireAll, "acks 1": kafka.RequireOne, "acks 0": kafka.RequireNone} {
		check.Case("produce", name, func() (any, error) {
			made := writer(topicOf("acks", 1))
			made.RequiredAcks = acks
			return roundTrip(made, 20)
		})
	}
	for _, codec := range []kafka.Compression{0, kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd} {
		name := "none"
		if codec != 0 {
			name = codec.String()
		}
		check.Case("compression", name, func() (any, error) {
			made := writer(topicOf("codec", 1))
			made.Compression = codec
			return roundTrip(made, 50)
		})
	}
}

func consumeCases() {
	topic := topicOf("consume", 1)
	if err := write(writer(topic), messages(30)...); err != nil {
		panic(err)
	}
	check.Case("consume", "from the beginning, in order", func() (any, error) { return read(kafka.ReaderConfig{Topic: topic}, 30) })
	check.Case("consume", "from an offset", func() (any, error) {
		reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{check.Bootstrap}, Topic: topic, MaxWait: 100 * time.Millisecond})
		defer reader.Close()
		if err := reader.SetOffset(25); err != nil {
			return nil, err
		}
		message, err := reader.ReadMessage(ctx)
		return string(message.Value), err
	})
	check.Case("headers", "headers and times come back", func() (any, error) {
		own := topicOf("headers", 1)
		sent := kafka.Message{Value: []byte("x"), Time: time.UnixMilli(1_700_000_000_123), Headers: []kafka.Header{{Key: "one", Value: []byte("a")}}}
		if err := write(writer(own), sent); err != nil {
			return nil, err
		}
		reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{check.Bootstrap}, Topic: own, MaxWait: 100 * time.Millisecond})
		defer reader.Close()
		message, err := reader.ReadMessage(ctx)
		return fmt.Sprint(message.Headers, message.Time.UnixMilli(), message.Key == nil), err
	})
	for name, at := range map[string]int64{"first": kafka.FirstOffset, "last": kafka.LastOffset, "by time": 1_700_000_000_035} {
		check.Case("offsets", name, func() (any, error) { return offsets(topic, 1, at) })
	}
}

func groupCases() {
	check.Case("groups", "goes on where it committed", func() (any, error) {
		topic, group := topicOf("resume", 2), check.Fresh("group")
		config := kafka.ReaderConfig{Topic: topic, GroupID: group, StartOffset: kafka.FirstOffset}
		if err := write(writer(topic), messages(20)...); err != nil {
			return nil, err
		}
		first, err := read(config, 20)
		if err != nil {
			return nil, err
		}
		if err := write(writer(topic), messages(4)...); err != nil {
			return nil, err
		}
		second, err := read(config, 4)
		return first + " then " + second, err
	})
	check.Case("groups", "offsets of a group", func() (any, error) {
		topic, group := topicOf("committed", 1), check.Fresh("group")
		if err := write(writer(topic), messages(5)...); err != nil {
			return nil, err
		}
		if _, err := read(kafka.ReaderConfig{Topic: topic, GroupID: group, StartOffset: kafka.FirstOffset}, 5); err != nil {
			return nil, err
		}
		found, err := client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: {0}}})
		if err != nil {
			return nil, err
		}
		deleted, err := client.DeleteGroups(ctx, &kafka.DeleteGroupsRequest{GroupIDs: []string{group}})
		if err != nil {
			return nil, err
		}
		return fmt.Sprint(found.Topics[topic][0].CommittedOffset, deleted.Errors[group]), nil
	})
}

func main() {
	check.All(map[string]func(){"admin": adminCases, "produce": produceCases, "consume": consumeCases, "groups": groupCases})
}
