import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Runs Kafka's command line tools one after the other in one JVM, for a JVM of its own takes each of them seconds to start. A line in is
 * the tool's class and its arguments, percent-encoded and parted by blanks; a line out is its exit code, and what it has said in Base64.
 */
public final class ToolServer {
    /** How a tool ends here, where it would end its process. */
    private static final class Exited extends Error {
        final int code;

        Exited(int code) {
            super(null, null, false, false);
            this.code = code;
        }
    }

    private static final List<Runnable> hooks = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        InvocationHandler end = (proxy, method, words) -> {
            throw new Exited((Integer) words[0]);
        };
        replace("setExitProcedure", end);
        replace("setHaltProcedure", end);
        replace("setShutdownHookAdder", (proxy, method, words) -> hooks.add((Runnable) words[1]));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            PrintStream output = new PrintStream(said, true, StandardCharsets.UTF_8);
            System.setOut(output);
            System.setErr(output);
            int code = run(line.split(" ", -1)); // with the last arguments, even where they are empty
            output.flush();
            answers.println(code + " " + Base64.getEncoder().encodeToString(said.toByteArray()));
            answers.flush();
        }
        Runtime.getRuntime().halt(0); // threads that a tool has left do not matter
    }

    /** Kafka's tools end by a class of its own, whose parts can be replaced; before 4.4 it was in another package. */
    private static void replace(String setter, InvocationHandler handler) throws ReflectiveOperationException {
        Class<?> exit;
        try {
            exit = Class.forName("org.apache.kafka.common.utils.internals.Exit");
        } catch (ClassNotFoundException e) {
            exit = Class.forName("org.apache.kafka.common.utils.Exit");
        }
        for (Method method : exit.getMethods()) {
            if (!method.getName().equals(setter)) continue;
            Class<?> part = method.getParameterTypes()[0];
            method.invoke(null, Proxy.newProxyInstance(part.getClassLoader(), new Class<?>[] {part}, handler));
        }
    }

    private static int run(String[] words) {
        String[] args = new String[words.length - 1];
        for (int i = 0; i < args.length; i++) args[i] = URLDecoder.decode(words[i + 1], StandardCharsets.UTF_8);
        int code = 0;
        try {
            Class.forName(words[0]).getMethod("main", String[].class).invoke(null, (Object) args);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Exited) code = ((Exited) e.getCause()).code;
            else {
                e.getCause().printStackTrace();
                code = 1;
            }
        } catch (ReflectiveOperationException e) {
            e.printStackTrace();
            code = 1;
        }
        hooks.forEach(Runnable::run);
        hooks.clear();
        return code;
    }
}
