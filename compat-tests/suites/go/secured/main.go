// Clients in Go that sign in: each produces, reads in a group, is denied, and goes on past the ends of its sessions. The only argument
// is a JSON object that says where and how; of each case a line is printed: the client, the case, what came of it.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/segmentio/kafka-go"
	kafkasasl "github.com/segmentio/kafka-go/sasl"
	kafkaplain "github.com/segmentio/kafka-go/sasl/plain"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	franzscram "github.com/twmb/franz-go/pkg/sasl/scram"
)

type way struct {
	Name, Bootstrap                          string
	CA, Cert, Key                            string
	Mechanism, User, Password, Token, Client string
	// How long it goes on, so that its sessions end meanwhile.
	GoesOnMs int
}

var own way

func main() {
	if err := json.Unmarshal([]byte(os.Args[1]), &own); err != nil {
		panic(err)
	}
	clients := map[string]func(){"franz-go": franzGo, "sarama": saramaCases, "kafka-go": kafkaGo}
	clients[own.Client]()
}

func say(name string, act func() error) {
	outcome := "ok"
	done := make(chan error, 1)
	go func() { done <- act() }()
	select {
	case err := <-done:
		if err != nil {
			outcome = strings.Join(strings.Fields(err.Error()), " ")
		}
	case <-time.After(60 * time.Second):
		outcome = "nothing after a minute"
	}
	fmt.Printf("%s\t%s\n", name, outcome)
}

func until(isOver func() (bool, error)) error {
	for end := time.Now().Add(45 * time.Second); ; {
		over, err := isOver()
		if over || err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("waited in vain")
		}
	}
}

// goOn sends until the time is over.
func goOn(send func() error) error {
	for end := time.Now().Add(time.Duration(own.GoesOnMs) * time.Millisecond); time.Now().Before(end); {
		if err := send(); err != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

func tlsConfig() *tls.Config {
	if own.CA == "" {
		return nil
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(own.CA))
	made := &tls.Config{RootCAs: roots}
	if own.Cert != "" {
		pair, err := tls.X509KeyPair([]byte(own.Cert), []byte(own.Key))
		if err != nil {
			panic(err)
		}
		made.Certificates = []tls.Certificate{pair}
	}
	return made
}

func isScram() bool { return strings.HasPrefix(own.Mechanism, "SCRAM") }

func franzGo() {
	options := func(more ...kgo.Opt) []kgo.Opt {
		all := []kgo.Opt{kgo.SeedBrokers(own.Bootstrap), kgo.RecordRetries(0), kgo.RequestRetries(2)}
		if config := tlsConfig(); config != nil {
			all = append(all, kgo.DialTLSConfig(config))
		}
		if own.Mechanism != "" {
			all = append(all, kgo.SASL(franzMechanism()))
		}
		return append(all, more...)
	}
	value := own.Name + " franz-go"
	client, err := kgo.NewClient(options()...)
	if err != nil {
		panic(err)
	}
	defer client.Close()
	send := func(topic string) error {
		return client.ProduceSync(context.Background(), &kgo.Record{Topic: topic, Value: []byte(value)}).FirstErr()
	}
	say("produce", func() error { return send("orders") })
	consume := func(group string) error {
		member, err := kgo.NewClient(options(kgo.ConsumerGroup(group), kgo.ConsumeTopics("orders"),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
		if err != nil {
			return err
		}
		defer member.Close()
		return until(func() (bool, error) {
			fetches := member.PollFetches(context.Background())
			if errs := fetches.Errors(); len(errs) > 0 {
				return false, errs[0].Err
			}
			for _, record := range fetches.Records() {
				if string(record.Value) == value {
					return true, member.CommitUncommittedOffsets(context.Background())
				}
			}
			return false, nil
		})
	}
	say("consume", func() error { return consume("go-" + own.Name) })
	say("denied group", func() error { return consume("forbidden") })
	say("transaction", func() error {
		writer, err := kgo.NewClient(options(kgo.TransactionalID("go-" + own.Name))...)
		if err != nil {
			return err
		}
		defer writer.Close()
		if err := writer.BeginTransaction(); err != nil {
			return err
		}
		if err := writer.ProduceSync(context.Background(), &kgo.Record{Topic: "orders", Value: []byte("of a transaction")}).FirstErr(); err != nil {
			return err
		}
		return writer.EndTransaction(context.Background(), kgo.TryCommit)
	})
	say("go on", func() error { return goOn(func() error { return send("orders") }) })
	say("denied topic", func() error { return send("secret") })
}

func franzMechanism() sasl.Mechanism {
	switch own.Mechanism {
	case "PLAIN":
		return plain.Auth{User: own.User, Pass: own.Password}.AsMechanism()
	case "SCRAM-SHA-256":
		return franzscram.Auth{User: own.User, Pass: own.Password}.AsSha256Mechanism()
	case "SCRAM-SHA-512":
		return franzscram.Auth{User: own.User, Pass: own.Password}.AsSha512Mechanism()
	default:
		return oauth.Auth{Token: own.Token}.AsMechanism()
	}
}

type tokens struct{}

func (tokens) Token() (*sarama.AccessToken, error) {
	return &sarama.AccessToken{Token: own.Token}, nil
}

type reader struct {
	value string
	found chan error
}

func (reader) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (reader) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (r reader) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		session.MarkMessage(message, "")
		if string(message.Value) == r.value {
			session.Commit()
			r.found <- nil
			return nil
		}
	}
	return nil
}

func saramaCases() {
	config := sarama.NewConfig()
	config.Version = sarama.V4_0_0_0
	config.Producer.Return.Successes = true
	config.Producer.Retry.Max = 0
	config.Metadata.Retry.Max = 1
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	if secure := tlsConfig(); secure != nil {
		config.Net.TLS.Enable, config.Net.TLS.Config = true, secure
	}
	if own.Mechanism != "" {
		config.Net.SASL.Enable, config.Net.SASL.Mechanism = true, sarama.SASLMechanism(own.Mechanism)
		config.Net.SASL.User, config.Net.SASL.Password = own.User, own.Password
		config.Net.SASL.TokenProvider = tokens{}
		config.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return newScram(own.Mechanism, "", "") }
	}
	value := own.Name + " sarama"
	var producer sarama.SyncProducer
	send := func(topic string) error {
		_, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(value)})
		return err
	}
	say("produce", func() (err error) {
		if producer, err = sarama.NewSyncProducer([]string{own.Bootstrap}, config); err != nil {
			return err
		}
		return send("orders")
	})
	if producer == nil {
		return
	}
	defer producer.Close()
	consume := func(name string) error {
		group, err := sarama.NewConsumerGroup([]string{own.Bootstrap}, name, config)
		if err != nil {
			return err
		}
		defer group.Close()
		found := make(chan error, 2)
		life, end := context.WithCancel(context.Background())
		defer end()
		go func() {
			if err := group.Consume(life, []string{"orders"}, reader{value, found}); err != nil {
				found <- err
			}
		}()
		return <-found
	}
	say("consume", func() error { return consume("go-" + own.Name) })
	say("denied group", func() error { return consume("forbidden") })
	say("go on", func() error { return goOn(func() error { return send("orders") }) })
	say("denied topic", func() error { return send("secret") })
}

func kafkaGo() {
	var mechanism kafkasasl.Mechanism
	if own.Mechanism == "PLAIN" {
		mechanism = kafkaplain.Mechanism{Username: own.User, Password: own.Password}
	} else if isScram() {
		mechanism = newScram(own.Mechanism, own.User, own.Password)
	}
	value := own.Name + " kafka-go"
	transport := &kafka.Transport{TLS: tlsConfig(), SASL: mechanism}
	send := func(topic string) error {
		writer := &kafka.Writer{Addr: kafka.TCP(own.Bootstrap), Topic: topic, Transport: transport, MaxAttempts: 1, BatchTimeout: time.Millisecond}
		defer writer.Close()
		return writer.WriteMessages(context.Background(), kafka.Message{Value: []byte(value)})
	}
	say("produce", func() error { return send("orders") })
	consume := func(group string) error {
		member := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{own.Bootstrap}, GroupID: group, Topic: "orders",
			StartOffset: kafka.FirstOffset, MaxAttempts: 1, MaxWait: 100 * time.Millisecond,
			Dialer: &kafka.Dialer{TLS: tlsConfig(), SASLMechanism: mechanism, Timeout: 10 * time.Second}})
		defer member.Close()
		return until(func() (bool, error) {
			message, err := member.ReadMessage(context.Background())
			return string(message.Value) == value, err
		})
	}
	say("consume", func() error { return consume("go-" + own.Name) })
	say("denied topic", func() error { return send("secret") })
}
