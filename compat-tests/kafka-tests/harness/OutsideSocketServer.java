package ottla;

import kafka.network.ConnectionQuotas;
import kafka.network.SocketServer;
import org.apache.kafka.common.network.ListenerName;

/** A broker's listeners as far as tests ask where they are. It is made without its constructor, which would open them. */
final class OutsideSocketServer extends SocketServer {
    private int port;

    private OutsideSocketServer() {
        super(null, null, null, null, null, null, null);
    }

    static SocketServer of(int port) {
        OutsideSocketServer made = Bare.made(OutsideSocketServer.class);
        made.port = port;
        return made;
    }

    @Override
    public ConnectionQuotas connectionQuotas() {
        throw new Inside("SocketServer.connectionQuotas");
    }

    @Override
    public int boundPort(ListenerName listener) {
        return port;
    }
}
