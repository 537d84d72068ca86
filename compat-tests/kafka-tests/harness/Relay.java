package ottla;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.message.SaslAuthenticateRequestData;
import org.apache.kafka.common.message.SaslHandshakeRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.ResponseHeader;
import org.apache.kafka.common.requests.SaslAuthenticateRequest;
import org.apache.kafka.common.requests.SaslAuthenticateResponse;
import org.apache.kafka.common.requests.SaslHandshakeRequest;
import org.apache.kafka.common.security.auth.KafkaPrincipalBuilder;
import org.apache.kafka.common.security.auth.PlaintextAuthenticationContext;
import org.apache.kafka.common.utils.Utils;

/**
 * A port that speaks PLAINTEXT, where a class of the test says who a connection is. Ottla runs no classes of Java: the relay asks
 * the class, signs in at a SASL_PLAINTEXT listener of Ottla with an unsecured token of that name, and passes bytes on.
 */
final class Relay implements Closeable {
    private static final short HANDSHAKE = 1;
    private static final short AUTHENTICATE = 2;

    private final ServerSocket server;
    private final int behind;
    private final String listener;
    private final KafkaPrincipalBuilder builder;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    Relay(int port, int behind, String listener, KafkaPrincipalBuilder builder) throws IOException {
        this.server = new ServerSocket(port, 1000, InetAddress.getByName("localhost"));
        this.behind = behind;
        this.listener = listener;
        this.builder = builder;
        thread(this::accept);
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                var client = server.accept();
                thread(() -> serve(client));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket client) {
        open.add(client);
        try (client; var broker = new Socket("127.0.0.1", behind)) {
            open.add(broker);
            client.setTcpNoDelay(true);
            broker.setTcpNoDelay(true);
            var principal = builder.build(new PlaintextAuthenticationContext(client.getInetAddress(), listener));
            signIn(broker, principal.getName());
            var answers = thread(() -> pass(broker, client));
            pass(client, broker);
            answers.join();
            open.remove(broker);
        } catch (Exception ended) {
            // both sockets are closed: that is all there is to tell
        } finally {
            open.remove(client);
        }
    }

    private static void signIn(Socket broker, String user) throws IOException {
        ask(broker, new SaslHandshakeRequest(new SaslHandshakeRequestData().setMechanism("OAUTHBEARER"), HANDSHAKE));
        var token = "n,,\u0001auth=Bearer " + token(user) + "\u0001\u0001";
        var data = new SaslAuthenticateRequestData().setAuthBytes(token.getBytes(StandardCharsets.UTF_8));
        var answer = (SaslAuthenticateResponse) ask(broker, new SaslAuthenticateRequest(data, AUTHENTICATE));
        if (answer.error().code() != 0) throw new IOException(answer.errorMessage());
    }

    private static String token(String user) {
        long now = System.currentTimeMillis() / 1000;
        return encoded("{\"alg\":\"none\"}") + "." + encoded("{\"sub\":\"" + user + "\",\"iat\":" + now + ",\"exp\":" + (now + 3600) + "}") + ".";
    }

    private static String encoded(String json) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(json.getBytes(StandardCharsets.UTF_8));
    }

    private static AbstractResponse ask(Socket broker, AbstractRequest request) throws IOException {
        var header = new RequestHeader(request.apiKey(), request.version(), "relay", 0);
        var bytes = Utils.toArray(request.serializeWithHeader(header));
        var out = new DataOutputStream(broker.getOutputStream());
        out.writeInt(bytes.length);
        out.write(bytes);
        out.flush();
        var in = new DataInputStream(broker.getInputStream());
        var answer = new byte[in.readInt()];
        in.readFully(answer);
        var buffer = ByteBuffer.wrap(answer);
        ApiKeys api = request.apiKey();
        ResponseHeader.parse(buffer, api.responseHeaderVersion(request.version()));
        return AbstractResponse.parseResponse(api, new ByteBufferAccessor(buffer), request.version());
    }

    /** Until one side ends; then both do. */
    private static void pass(Socket from, Socket to) {
        var buffer = new byte[65536];
        try (from; to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) out.write(buffer, 0, read);
        } catch (IOException ended) {
            // closed above
        }
    }

    private static Thread thread(Runnable run) {
        var thread = new Thread(run, "relay");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (var socket : open) socket.close();
    }
}
