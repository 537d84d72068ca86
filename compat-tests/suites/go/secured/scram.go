package main

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"github.com/segmentio/kafka-go/sasl"
)

// scram is the client's side of RFC 5802, for the libraries that leave it to who uses them.
type scram struct {
	name           string
	made           func() hash.Hash
	user, password string
	nonce, first   string
	signature      []byte
	done           bool
}

func newScram(name, user, password string) *scram {
	made := sha256.New
	if name == "SCRAM-SHA-512" {
		made = sha512.New
	}
	return &scram{name: name, made: made, user: user, password: password}
}

// Begin and those after it are what Sarama asks for.
func (s *scram) Begin(user, password, _ string) error {
	s.user, s.password, s.first, s.done = user, password, "", false
	return nil
}

func (s *scram) Done() bool { return s.done }

func (s *scram) Step(challenge string) (string, error) {
	if s.first == "" {
		random := make([]byte, 18)
		if _, err := rand.Read(random); err != nil {
			return "", err
		}
		s.nonce = base64.RawURLEncoding.EncodeToString(random)
		escaped := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(s.user)
		s.first = "n=" + escaped + ",r=" + s.nonce
		return "n,," + s.first, nil
	}
	if s.signature == nil {
		return s.prove(challenge)
	}
	if challenge != "v="+base64.StdEncoding.EncodeToString(s.signature) {
		return "", errors.New("the broker does not know the password")
	}
	s.done = true
	return "", nil
}

func (s *scram) prove(challenge string) (string, error) {
	var nonce, salt string
	iterations := 0
	for _, part := range strings.Split(challenge, ",") {
		switch {
		case strings.HasPrefix(part, "r="):
			nonce = part[2:]
		case strings.HasPrefix(part, "s="):
			salt = part[2:]
		case strings.HasPrefix(part, "i="):
			iterations, _ = strconv.Atoi(part[2:])
		}
	}
	bytes, err := base64.StdEncoding.DecodeString(salt)
	if err != nil || !strings.HasPrefix(nonce, s.nonce) {
		return "", fmt.Errorf("a challenge that is none: %s", challenge)
	}
	salted, err := pbkdf2.Key(s.made, s.password, bytes, iterations, s.made().Size())
	if err != nil {
		return "", err
	}
	keyed := func(key []byte, text string) []byte {
		mac := hmac.New(s.made, key)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	final := "c=biws,r=" + nonce
	said := s.first + "," + challenge + "," + final
	proof := keyed(salted, "Client Key")
	stored := s.made()
	stored.Write(proof)
	for at, each := range keyed(stored.Sum(nil), said) {
		proof[at] ^= each
	}
	s.signature = keyed(keyed(salted, "Server Key"), said)
	return final + ",p=" + base64.StdEncoding.EncodeToString(proof), nil
}

// Name, Start and Next are what kafka-go asks for.
func (s *scram) Name() string { return s.name }

func (s *scram) Start(context.Context) (sasl.StateMachine, []byte, error) {
	own := newScram(s.name, s.user, s.password)
	first, err := own.Step("")
	return own, []byte(first), err
}

func (s *scram) Next(_ context.Context, challenge []byte) (bool, []byte, error) {
	answer, err := s.Step(string(challenge))
	return s.done, []byte(answer), err
}
