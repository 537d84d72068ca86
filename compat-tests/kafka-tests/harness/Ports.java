package ottla;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;

final class Ports {
    private static final Set<Integer> GIVEN = new HashSet<>();

    private Ports() {}

    /** One that nobody listens on, and that was not given before: brokers listen later. */
    static synchronized int free() throws IOException {
        while (true) {
            try (var socket = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
                if (GIVEN.add(socket.getLocalPort())) return socket.getLocalPort();
            }
        }
    }
}
