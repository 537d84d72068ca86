// franz-go's share consumer: accepts what is fine, releases what is to come again once, rejects the rest; "renew" renews first.
package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	bootstrap, group, topic, mode := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var refused atomic.Value
	options := []kgo.Opt{
		kgo.SeedBrokers(bootstrap),
		kgo.ShareGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.ShareAckCallback(func(_ *kgo.Client, results kgo.ShareAckResults) {
			if err := results.Error(); err != nil {
				refused.Store(err)
			}
		}),
	}
	if mode == "record_limit" {
		options = append(options, kgo.ShareMaxRecords(1), kgo.ShareMaxRecordsStrict())
	}
	client, err := kgo.NewClient(options...)
	check(err)
	left := map[string]bool{"fine": true}
	if mode != "implicit" {
		left["again"], left["poison"] = true, true
	}
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		check(fetches.Err())
		records := fetches.Records()
		if mode == "renew" {
			client.MarkAcks(kgo.AckRenew)
			check(client.FlushAcks(ctx))
		}
		for _, record := range records {
			value := string(record.Value)
			fmt.Println(value)
			switch {
			case mode == "implicit": // accepted by the next poll
			case value == "again" && record.DeliveryCount() == 1:
				record.Ack(kgo.AckRelease)
				continue
			case value == "poison":
				record.Ack(kgo.AckReject)
			default:
				record.Ack(kgo.AckAccept)
			}
			delete(left, value)
		}
		if mode != "implicit" {
			check(client.FlushAcks(ctx))
		}
	}
	if mode == "implicit" {
		soon, stop := context.WithTimeout(ctx, 100*time.Millisecond)
		client.PollFetches(soon)
		stop()
		check(client.FlushAcks(ctx))
	}
	client.Close()
	if err := refused.Load(); err != nil {
		check(err.(error))
	}
}
