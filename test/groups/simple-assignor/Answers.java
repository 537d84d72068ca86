import java.util.*;
import java.io.*;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.group.assignor.SimpleAssignor;
import org.apache.kafka.coordinator.group.api.assignor.*;
import org.apache.kafka.coordinator.group.modern.*;

/**
 * Asks Apache Kafka's SimpleAssignor: reads cases from the standard input, prints each with its answer. Run with Kafka's jars:
 * javac -cp 'libs/*' Answers.java, then java -cp 'libs/*:.' Answers.
 */
public class Answers {
  // A case: 'case', 'topic NAME COUNT', 'member ID TOPIC,TOPIC TOPIC=P+P;TOPIC=P' ('-' for none), 'end'. Its answer: 'ID TOPIC=P+P', then '.'.
  public static void main(String[] a) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    TreeMap<String,Integer> topics = new TreeMap<>();
    LinkedHashMap<String,String[]> members = new LinkedHashMap<>();
    StringBuilder out = new StringBuilder();
    for (String line; (line = in.readLine()) != null; ) {
      String[] w = line.split(" ");
      if (w[0].equals("case")) { topics.clear(); members.clear(); }
      else if (w[0].equals("topic")) topics.put(w[1], Integer.parseInt(w[2]));
      else if (w[0].equals("member")) members.put(w[1], w);
      else if (w[0].equals("end")) {
        Map<String, MemberSubscriptionAndAssignmentImpl> ms = new HashMap<>();
        Set<Set<Uuid>> subs = new HashSet<>();
        for (String[] m : members.values()) {
          Set<Uuid> s = new HashSet<>();
          if (!m[2].equals("-")) for (String t : m[2].split(",")) s.add(id(t));
          subs.add(s);
          Map<Uuid, Set<Integer>> as = new HashMap<>();
          if (!m[3].equals("-")) for (String e : m[3].split(";")) {
            String[] kv = e.split("=");
            Set<Integer> ps = new HashSet<>();
            for (String p : kv[1].split("\\+")) ps.add(Integer.parseInt(p));
            as.put(id(kv[0]), ps);
          }
          ms.put(m[1], new MemberSubscriptionAndAssignmentImpl(Optional.empty(), Optional.empty(), s, new Assignment(as)));
        }
        SubscribedTopicDescriber d = new SubscribedTopicDescriber() {
          public int numPartitions(Uuid u) { for (var e : topics.entrySet()) if (id(e.getKey()).equals(u)) return e.getValue(); return -1; }
          public Set<String> racksForPartition(Uuid u, int p) { return Set.of(); }
        };
        GroupAssignment r = new SimpleAssignor().assign(new GroupSpecImpl(ms, subs.size() == 1 ? SubscriptionType.HOMOGENEOUS : SubscriptionType.HETEROGENEOUS, Map.of()), d);
        for (String m : members.keySet()) {
          TreeMap<String, TreeSet<Integer>> sorted = new TreeMap<>();
          MemberAssignment ma = r.members().get(m);
          if (ma != null) for (var e : ma.partitions().entrySet()) for (String t : topics.keySet()) if (id(t).equals(e.getKey()) && !e.getValue().isEmpty()) sorted.put(t, new TreeSet<>(e.getValue()));
          StringBuilder b = new StringBuilder();
          for (var e : sorted.entrySet()) { if (b.length() > 0) b.append(';'); b.append(e.getKey()).append('='); String sep = ""; for (int p : e.getValue()) { b.append(sep).append(p); sep = "+"; } }
          out.append(m).append(' ').append(b.length() == 0 ? "-" : b.toString()).append('\n');
        }
        out.append(".\n");
        System.out.print(out); System.out.flush(); out.setLength(0);
      }
    }
  }
  static Uuid id(String name) {
    byte[] b = String.format("%16s", name).replace(' ', '-').getBytes();
    java.nio.ByteBuffer bb = java.nio.ByteBuffer.wrap(b);
    return new Uuid(bb.getLong(), bb.getLong());
  }
}
