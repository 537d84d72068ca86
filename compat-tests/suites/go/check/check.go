// Package check does a case, and says in a line what the client saw; see ../../suite.ts.
package check

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"
)

const patience = 45 * time.Second

// Bootstrap is the broker's address, Run a word for the names of this run.
var (
	Bootstrap = os.Args[1]
	Run       = os.Args[2]
	serial    = 0
)

// Fresh makes a name that nobody had before.
func Fresh(word string) string {
	serial++
	return fmt.Sprintf("%s-%s-%d", Run, word, serial)
}

// Case prints what act saw, or why it failed.
func Case(area, name string, act func() (any, error)) {
	type answer struct {
		seen any
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		defer func() {
			if why := recover(); why != nil {
				done <- answer{nil, fmt.Errorf("panic: %v", why)}
			}
		}()
		seen, err := act()
		done <- answer{seen, err}
	}()
	select {
	case found := <-done:
		if found.err != nil {
			say("not ok", area, name, found.err.Error())
		} else {
			say("ok", area, name, fmt.Sprint(found.seen))
		}
	case <-time.After(patience):
		say("not ok", area, name, "nothing after "+patience.String())
	}
}

// All does the cases of each area; what keeps one from beginning is said, and the next goes on.
func All(areas map[string]func()) {
	names := make([]string, 0, len(areas))
	for name := range areas {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		func() {
			defer func() {
				if why := recover(); why != nil {
					say("not ok", name, "prepare the cases", fmt.Sprint(why))
				}
			}()
			areas[name]()
		}()
	}
}

// Until waits for a condition; the patience of a case ends it otherwise.
func Until(isSo func() bool) error {
	for end := time.Now().Add(patience); !isSo(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("waited in vain")
		}
	}
	return nil
}

// Sorted makes texts of a map's entries comparable.
func Sorted(texts []string) string {
	sort.Strings(texts)
	return strings.Join(texts, "; ")
}

// Message is the text of an error, or 'nothing'.
func Message(err error) string {
	if err == nil {
		return "nothing"
	}
	return err.Error()
}

func say(parts ...string) {
	for at, part := range parts {
		parts[at] = strings.Join(strings.Fields(part), " ")
	}
	fmt.Println(strings.Join(parts, "\t"))
}
