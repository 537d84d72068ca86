import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Runs Java consumers and Kafka's command line tools in one virtual machine, as lines on its input ask for: words
 * separated by tabs. Each command is answered by lines, and a last one that begins with "= ".
 */
public class GroupDriver {
    static String bootstrap;
    static final Map<String, Member> members = new ConcurrentHashMap<>();
    static final PrintStream answers = System.out;

    /** A consumer in a thread of its own. */
    static final class Member implements Runnable, ConsumerRebalanceListener {
        final KafkaConsumer<String, String> consumer;
        final Thread thread = new Thread(this);
        final List<String> read = new ArrayList<>();
        volatile TreeSet<String> assigned = new TreeSet<>();
        volatile int rebalances = 0;
        volatile int lost = 0;
        volatile String failure = "";
        volatile boolean isStalled = false;
        volatile boolean isPaused = false;
        volatile CloseOptions.GroupMembershipOperation end = CloseOptions.GroupMembershipOperation.DEFAULT;

        Member(Map<String, String> settings, String subscription) {
            Properties properties = new Properties();
            properties.put("bootstrap.servers", bootstrap);
            properties.put("auto.offset.reset", "earliest");
            properties.put("auto.commit.interval.ms", "100");
            properties.putAll(settings);
            consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
            if (subscription.startsWith("re2:")) {
                consumer.subscribe(new SubscriptionPattern(subscription.substring(4)), this);
            } else if (subscription.startsWith("java:")) {
                consumer.subscribe(Pattern.compile(subscription.substring(5)), this);
            } else {
                consumer.subscribe(Arrays.asList(subscription.split(",")), this);
            }
            thread.start();
        }

        @Override
        public void run() {
            try {
                while (true) {
                    if (isStalled) {
                        Thread.sleep(20);
                        continue;
                    }
                    if (isPaused) consumer.pause(consumer.assignment());
                    consumer.poll(Duration.ofMillis(50)).forEach(record -> {
                        synchronized (read) {
                            read.add(record.topic() + "-" + record.partition() + "@" + record.offset());
                        }
                    });
                }
            } catch (WakeupException stopped) {
                // As asked for.
            } catch (Exception error) {
                failure = error.toString();
            } finally {
                consumer.close(CloseOptions.timeout(Duration.ofSeconds(10)).withGroupMembershipOperation(end));
            }
        }

        @Override
        public synchronized void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            TreeSet<String> now = new TreeSet<>(assigned);
            partitions.forEach(each -> now.add(each.toString()));
            assigned = now;
            rebalances++;
        }

        @Override
        public synchronized void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            TreeSet<String> now = new TreeSet<>(assigned);
            partitions.forEach(each -> now.remove(each.toString()));
            assigned = now;
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            lost++;
            onPartitionsRevoked(partitions);
        }
    }

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        throwInsteadOfEnding();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = input.readLine()) != null; ) {
            String[] words = line.split("\t", -1);
            try {
                answers.println("= " + answer(words[0], Arrays.copyOfRange(words, 1, words.length)));
            } catch (Throwable error) {
                answers.println("= failed: " + error);
            }
            answers.flush();
        }
        System.exit(0);
    }

    /** Kafka's tools end by its class Exit, which has moved with 4.4. */
    static void throwInsteadOfEnding() throws Exception {
        Class<?> exit;
        try {
            exit = Class.forName("org.apache.kafka.common.utils.internals.Exit");
        } catch (ClassNotFoundException older) {
            exit = Class.forName("org.apache.kafka.common.utils.Exit");
        }
        Class<?> procedure = Class.forName(exit.getName() + "$Procedure");
        Object thrower = java.lang.reflect.Proxy.newProxyInstance(
            procedure.getClassLoader(), new Class<?>[] {procedure}, (self, method, words) -> { throw new Ended((Integer) words[0]); });
        exit.getMethod("setExitProcedure", procedure).invoke(null, thrower);
        exit.getMethod("setHaltProcedure", procedure).invoke(null, thrower);
    }

    /** A tool wants to end. Some of them catch even that, print it, and end once more: the first word counts. */
    static final class Ended extends RuntimeException {
        static volatile Integer code = null;

        Ended(int code) {
            super(null, null, false, false);
            if (Ended.code == null) Ended.code = code;
        }

        @Override
        public String toString() {
            return "";
        }
    }

    static String answer(String command, String[] words) throws Exception {
        switch (command) {
            case "tool": return tool(words);
            case "input": return input(words[0]);
            case "produce": return produce(words[0], Integer.parseInt(words[1]), Integer.parseInt(words[2]));
            case "write": return write(words[0], Integer.parseInt(words[1]));
            case "keep-writing": return keepWriting(words[0]);
            case "stop-writing": return stopWriting();
            case "join": return join(words);
            case "assigned": return report(member -> String.join(" ", member.assigned));
            case "counts": return report(member -> member.rebalances + " " + member.lost + " " + member.failure);
            case "read": return report(member -> {
                synchronized (member.read) {
                    return String.join(" ", member.read);
                }
            });
            case "stall": return as(words[0], member -> member.isStalled = true);
            case "pause": return as(words[0], member -> member.isPaused = true);
            case "begin": return begin(words);
            case "commit": return endTransaction(words[0], KafkaProducer::commitTransaction);
            case "abort": return endTransaction(words[0], KafkaProducer::abortTransaction);
            case "leave": return end(words[0], CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
            case "vanish": return end(words[0], CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP);
            default: throw new IllegalArgumentException(command);
        }
    }

    /** name, what it subscribes to, then settings as key=value. */
    static String join(String[] words) {
        Map<String, String> settings = settings(words, 2);
        settings.putIfAbsent("client.id", words[0]);
        members.put(words[0], new Member(settings, words[1]));
        return "ok";
    }

    static Map<String, String> settings(String[] words, int from) {
        Map<String, String> settings = new TreeMap<>();
        for (int i = from; i < words.length; i++) {
            int at = words[i].indexOf('=');
            settings.put(words[i].substring(0, at), words[i].substring(at + 1));
        }
        return settings;
    }

    static String as(String name, java.util.function.Consumer<Member> change) {
        change.accept(members.get(name));
        return "ok";
    }

    static final Map<String, KafkaProducer<String, String>> transactions = new ConcurrentHashMap<>();

    /** transactional id, topic, value, then settings: the transaction stays open until it is committed or aborted. */
    static String begin(String[] words) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("transactional.id", words[0]);
        properties.putAll(settings(words, 3));
        KafkaProducer<String, String> producer =
            new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(words[1], words[2])).get();
        transactions.put(words[0], producer);
        return "ok";
    }

    static String endTransaction(String id, java.util.function.Consumer<KafkaProducer<String, String>> how) {
        try (KafkaProducer<String, String> producer = transactions.remove(id)) {
            how.accept(producer);
        }
        return "ok";
    }

    static String end(String name, CloseOptions.GroupMembershipOperation how) throws InterruptedException {
        Member member = members.remove(name);
        member.end = how;
        member.isStalled = false;
        member.consumer.wakeup();
        member.thread.join();
        return member.failure.isEmpty() ? "ok" : member.failure;
    }

    static String report(java.util.function.Function<Member, String> word) {
        return new TreeMap<>(members).entrySet().stream()
            .map(each -> each.getKey() + ": " + word.apply(each.getValue()))
            .collect(Collectors.joining("; "));
    }

    static String produce(String topic, int partition, int count) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        try (KafkaProducer<String, String> producer =
            new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < count; i++) producer.send(new ProducerRecord<>(topic, partition, "k" + i, "v" + i));
        }
        return "ok";
    }

    /** One producer for all that is written so: it lives through what happens to its broker. Answers the offset of the last record. */
    static KafkaProducer<String, String> writer;

    static String write(String topic, int count) throws Exception {
        if (writer == null) {
            Properties properties = new Properties();
            properties.put("bootstrap.servers", bootstrap);
            properties.put("delivery.timeout.ms", "60000");
            properties.put("request.timeout.ms", "5000");
            // Back at once: while a client waits to connect again it may begin anew without being told to (KIP-899).
            properties.put("reconnect.backoff.ms", "0");
            properties.put("reconnect.backoff.max.ms", "0");
            writer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
        }
        long offset = -1;
        for (int i = 0; i < count; i++) offset = writer.send(new ProducerRecord<>(topic, "k" + i, "v" + i)).get().offset();
        return String.valueOf(offset);
    }

    static Thread writing;
    static volatile int written;
    static volatile String writeFailure = "";

    /** Writes one record after another, beside all other commands, until it is stopped. */
    static String keepWriting(String topic) throws Exception {
        write(topic, 0);
        written = 0;
        writing = new Thread(() -> {
            try {
                while (!Thread.currentThread().isInterrupted()) {
                    write(topic, 1);
                    written++;
                }
            } catch (org.apache.kafka.common.errors.InterruptException | InterruptedException stopped) {
                // As asked for; what was under way is written all the same.
                written++;
            } catch (Exception error) {
                writeFailure = error.toString();
            }
        });
        writing.start();
        return "ok";
    }

    /** How many were written, or why it ended before. */
    static String stopWriting() throws Exception {
        writing.interrupt();
        writing.join();
        writer.flush();
        return writeFailure.isEmpty() ? String.valueOf(written) : writeFailure;
    }

    /** ConfigCommand had another package before 4.4. */
    static Class<?> toolClass(String name) throws ClassNotFoundException {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException older) {
            return Class.forName(name.replace("org.apache.kafka.tools.", "kafka.admin."));
        }
    }

    /** What a tool prints, each line when it is whole: "| " is before those of stdout, "! " before those of stderr. */
    static final class Lines extends OutputStream {
        final List<String> all;
        final String mark;
        final ByteArrayOutputStream line = new ByteArrayOutputStream();

        Lines(List<String> all, String mark) {
            this.all = all;
            this.mark = mark;
        }

        @Override
        public void write(int each) {
            synchronized (all) {
                if (each != '\n') {
                    line.write(each);
                    return;
                }
                all.add(mark + line.toString(StandardCharsets.UTF_8));
                line.reset();
            }
        }

        /** What stands behind the last line's end is a line, too. */
        void end() {
            if (line.size() > 0) write('\n');
        }
    }

    static final long TOOL_LIMIT_MS = 90_000;
    static InputStream toolInput = InputStream.nullInputStream();

    /** What the next tool reads, in Base64. */
    static String input(String text) {
        toolInput = new ByteArrayInputStream(Base64.getDecoder().decode(text));
        return "ok";
    }

    /** A tool's class and its arguments; "BOOTSTRAP" stands for the broker's address. */
    static String tool(String[] words) throws Exception {
        String[] arguments = Arrays.copyOfRange(words, 1, words.length);
        for (int i = 0; i < arguments.length; i++) if (arguments[i].equals("BOOTSTRAP")) arguments[i] = bootstrap;
        List<String> lines = new ArrayList<>();
        Lines out = new Lines(lines, "| ");
        Lines err = new Lines(lines, "! ");
        PrintStream errors = System.err;
        InputStream before = System.in;
        Throwable[] thrown = new Throwable[1];
        Ended.code = null;
        System.setIn(toolInput);
        System.setOut(new PrintStream(out, true));
        System.setErr(new PrintStream(err, true));
        Thread thread = new Thread(() -> {
            try {
                toolClass(words[0]).getMethod("main", String[].class).invoke(null, (Object) arguments);
            } catch (java.lang.reflect.InvocationTargetException wrapped) {
                if (!(wrapped.getCause() instanceof Ended)) thrown[0] = wrapped.getCause();
            } catch (ReflectiveOperationException unknown) {
                thrown[0] = unknown;
            }
        });
        try {
            thread.start();
            thread.join(TOOL_LIMIT_MS);
        } finally {
            System.setOut(answers);
            System.setErr(errors);
            System.setIn(before);
            toolInput = InputStream.nullInputStream();
        }
        if (thread.isAlive()) {
            thread.interrupt();
            throw new IllegalStateException("it has not ended after " + TOOL_LIMIT_MS + " ms");
        }
        if (thrown[0] instanceof Exception) throw (Exception) thrown[0];
        out.end();
        err.end();
        synchronized (lines) {
            lines.forEach(answers::println);
        }
        return "exit " + (Ended.code == null ? 0 : Ended.code);
    }
}
