package ottla;

import java.lang.reflect.Field;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import kafka.server.ControllerServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.TopicListing;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.test.ClusterInstance;
import org.apache.kafka.controller.Controller;

/** A controller as far as tests ask it what Admin can tell as well: the ids of topics. */
final class OutsideController {
    private OutsideController() {}

    /** ControllerServer is no interface, and makes itself of what is inside: this one is made without its constructor. */
    static ControllerServer of(ClusterInstance cluster) {
        Object controller = Proxy.newProxyInstance(Controller.class.getClassLoader(), new Class<?>[] {Controller.class},
            (proxy, method, arguments) -> {
                if (method.getName().equals("findAllTopicIds")) return CompletableFuture.completedFuture(topicIds(cluster));
                throw new Inside("Controller." + method.getName());
            });
        try {
            ControllerServer made = Bare.made(ControllerServer.class);
            Field field = ControllerServer.class.getDeclaredField("controller");
            field.setAccessible(true);
            field.set(made, controller);
            return made;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, Uuid> topicIds(ClusterInstance cluster) throws Exception {
        try (Admin admin = cluster.admin()) {
            return admin.listTopics(new ListTopicsOptions().listInternal(true)).listings().get().stream()
                .collect(Collectors.toMap(TopicListing::name, TopicListing::topicId));
        }
    }
}
