import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.security.token.delegation.DelegationToken;

/**
 * What Java's clients do that sign in: `SecuredCases directory`. Each file of properties in there is a way to sign in; of each case a line
 * is printed, its parts separated by tabs: the way, the case, what came of it. Keys that begin with `case.` are for this program.
 */
public final class SecuredCases {
  static final long PATIENCE_MS = 60_000;
  static final int AT_ONCE = 3;

  public static void main(String[] arguments) throws Exception {
    List<Path> files;
    try (Stream<Path> all = Files.list(Path.of(arguments[0]))) {
      files = all.filter(each -> each.toString().endsWith(".properties")).sorted().toList();
    }
    ExecutorService pool = Executors.newFixedThreadPool(AT_ONCE);
    List<Future<?>> under = new ArrayList<>();
    for (Path file : files) {
      under.add(pool.submit(() -> {
        new SecuredCases(file).run();
        return null;
      }));
    }
    for (Future<?> each : under) each.get();
    System.exit(0);
  }

  final String way;
  final Properties own = new Properties();

  SecuredCases(Path file) throws Exception {
    way = file.getFileName().toString().replace(".properties", "");
    try (Reader reader = Files.newBufferedReader(file)) {
      own.load(reader);
    }
    String type = own.getProperty("case.stores");
    if (type != null) asStores(type, file.getParent());
  }

  void run() {
    if (own.getProperty("case.token") != null) check("delegation token", this::signInByToken);
    check("produce", this::produce);
    check("consume in a classic group", () -> consume("classic"));
    check("consume in a consumer group", () -> consume("consumer"));
    check("transaction", this::transaction);
    check("denied topic", () -> outcome(() -> sendTo("secret")));
    check("denied group", () -> outcome(this::joinForbidden));
    check("denied creation", () -> outcome(this::createTopic));
    if (own.getProperty("case.wrong") != null) check("wrong credentials", () -> outcome(this::signInWrongly));
    if (own.getProperty("case.untrusted") != null) check("untrusted broker", () -> outcome(this::trustAnother));
    if (own.getProperty("case.reauthenticates") != null) check("sign in again", this::signInAgain);
  }

  void check(String name, Callable<?> act) {
    String said = outcome(act).replaceAll("\\s+", " ");
    synchronized (System.out) {
      System.out.println(String.join("\t", way, name, said));
    }
  }

  static String outcome(Callable<?> act) {
    try {
      return String.valueOf(act.call());
    } catch (Throwable error) {
      Throwable inner = error;
      while (inner instanceof ExecutionException && inner.getCause() != null) inner = inner.getCause();
      return inner.getClass().getSimpleName() + ": " + inner.getMessage();
    }
  }

  Properties properties(String... pairs) {
    Properties all = new Properties();
    own.forEach((key, value) -> {
      if (!key.toString().startsWith("case.")) all.put(key, value);
    });
    all.put("request.timeout.ms", "20000");
    all.put("default.api.timeout.ms", "30000");
    for (int at = 0; at < pairs.length; at += 2) all.put(pairs[at], pairs[at + 1]);
    return all;
  }

  KafkaProducer<String, String> producer(Properties properties) {
    properties.putIfAbsent("max.block.ms", "20000");
    return new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
  }

  KafkaConsumer<String, String> consumer(String group, String... more) {
    Properties properties = properties(more);
    properties.put("group.id", group);
    properties.put("auto.offset.reset", "earliest");
    properties.put("enable.auto.commit", "false");
    return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
  }

  String sendTo(String topic) throws Exception {
    try (KafkaProducer<String, String> producer = producer(properties())) {
      producer.send(new ProducerRecord<>(topic, way)).get();
      return "sent";
    }
  }

  String produce() throws Exception {
    return sendTo("orders");
  }

  String consume(String protocol) throws Exception {
    try (KafkaConsumer<String, String> consumer = consumer("java-" + protocol + "-" + way, "group.protocol", protocol)) {
      consumer.subscribe(List.of("orders"));
      until(consumer, way);
      consumer.commitSync();
      return "read";
    }
  }

  static void until(KafkaConsumer<String, String> consumer, String value) {
    long end = System.currentTimeMillis() + PATIENCE_MS;
    while (true) {
      for (ConsumerRecord<String, String> each : consumer.poll(Duration.ofMillis(100))) {
        if (each.value().equals(value)) return;
      }
      if (System.currentTimeMillis() > end) throw new IllegalStateException("waited in vain for " + value);
    }
  }

  String transaction() throws Exception {
    TopicPartition partition = new TopicPartition("orders", 0);
    String group = "java-transaction-" + way;
    try (KafkaProducer<String, String> producer = producer(properties("transactional.id", "java-" + way));
        KafkaConsumer<String, String> consumer = consumer(group, "isolation.level", "read_committed")) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>("orders", way + " aborted")).get();
      producer.abortTransaction();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>("orders", way + " committed"));
      consumer.subscribe(List.of("orders"));
      producer.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(1)), consumer.groupMetadata());
      producer.commitTransaction();
      consumer.unsubscribe();
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      until(consumer, way + " committed");
      return "committed " + consumer.committed(java.util.Set.of(partition)).get(partition).offset();
    }
  }

  String joinForbidden() {
    try (KafkaConsumer<String, String> consumer = consumer("forbidden")) {
      consumer.subscribe(List.of("orders"));
      until(consumer, way);
      return "read";
    }
  }

  String createTopic() throws Exception {
    try (Admin admin = Admin.create(properties())) {
      admin.createTopics(List.of(new NewTopic("made-" + way, 1, (short) 1))).all().get();
      return "made";
    }
  }

  String signInWrongly() throws Exception {
    Properties wrong = properties();
    if (wrong.containsKey("sasl.jaas.config")) {
      wrong.put("sasl.jaas.config", wrong.getProperty("sasl.jaas.config").replaceAll("password=\"", "password=\"no "));
    } else {
      wrong.keySet().removeIf(key -> key.toString().startsWith("ssl.keystore") || key.equals("ssl.key.password"));
    }
    try (Admin admin = Admin.create(wrong)) {
      return "saw " + admin.describeCluster().nodes().get();
    }
  }

  String trustAnother() throws Exception {
    Properties other = properties("ssl.truststore.type", "PEM", "ssl.truststore.certificates", own.getProperty("case.untrusted"));
    other.remove("ssl.truststore.location");
    other.remove("ssl.truststore.password");
    try (Admin admin = Admin.create(other)) {
      return "saw " + admin.describeCluster().nodes().get();
    }
  }

  /** One producer that goes on until its connections have signed in again three times, and loses no record. */
  String signInAgain() throws Exception {
    long end = System.currentTimeMillis() + PATIENCE_MS;
    try (KafkaProducer<String, String> producer = producer(properties("linger.ms", "0"))) {
      while (again(producer) < 3) {
        producer.send(new ProducerRecord<>("orders", way + " again")).get();
        if (System.currentTimeMillis() > end) throw new IllegalStateException(again(producer) + " times alone");
        Thread.sleep(20);
      }
      return "3 times, " + (int) metric(producer, "failed-reauthentication-total") + " failed";
    }
  }

  static double again(KafkaProducer<?, ?> producer) {
    return metric(producer, "successful-reauthentication-total");
  }

  static double metric(KafkaProducer<?, ?> producer, String name) {
    return producer.metrics().values().stream()
        .filter(each -> each.metricName().name().equals(name))
        .mapToDouble(each -> (Double) each.metricValue())
        .max().orElse(-1);
  }

  /** From here on it signs in by a token that it was given. */
  String signInByToken() throws Exception {
    DelegationToken token;
    try (Admin admin = Admin.create(properties())) {
      token = admin.createDelegationToken().delegationToken().get(30, TimeUnit.SECONDS);
    }
    own.put("sasl.mechanism", own.getProperty("case.token"));
    own.put("sasl.jaas.config", String.format(
        "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\" password=\"%s\" tokenauth=\"true\";",
        token.tokenInfo().tokenId(), token.hmacAsBase64String()));
    return "of " + token.tokenInfo().owner();
  }

  /** The same key and certificates in files of Java's own kinds. */
  void asStores(String type, Path directory) throws Exception {
    char[] password = "a password".toCharArray();
    Object key = own.remove("ssl.keystore.key");
    Object chain = own.remove("ssl.keystore.certificate.chain");
    if (key != null) {
      KeyStore store = KeyStore.getInstance(type);
      store.load(null, null);
      store.setKeyEntry("own", privateKey(key.toString()), password, certificates(chain.toString()).toArray(new Certificate[0]));
      name("keystore", type, write(store, directory.resolve(way + "-key." + type), password));
      own.put("ssl.key.password", new String(password));
    }
    KeyStore trusted = KeyStore.getInstance(type);
    trusted.load(null, null);
    int at = 0;
    for (Certificate each : certificates(own.remove("ssl.truststore.certificates").toString())) {
      trusted.setCertificateEntry("trusted-" + at++, each);
    }
    name("truststore", type, write(trusted, directory.resolve(way + "-trust." + type), password));
  }

  void name(String store, String type, Path file) {
    own.put("ssl." + store + ".type", type);
    own.put("ssl." + store + ".location", file.toString());
    own.put("ssl." + store + ".password", "a password");
  }

  static Path write(KeyStore store, Path file, char[] password) throws Exception {
    try (var out = Files.newOutputStream(file)) {
      store.store(out, password);
    }
    return file;
  }

  static PrivateKey privateKey(String pem) throws Exception {
    String body = pem.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
    return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
  }

  static Collection<? extends Certificate> certificates(String pem) throws Exception {
    return CertificateFactory.getInstance("X.509").generateCertificates(new java.io.ByteArrayInputStream(pem.getBytes()));
  }
}
