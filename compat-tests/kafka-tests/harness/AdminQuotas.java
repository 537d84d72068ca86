package ottla;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;
import kafka.server.ClientRequestQuotaManager;
import kafka.server.QuotaFactory.QuotaManagers;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.metrics.Quota;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.server.quota.ClientQuotaManager;
import org.apache.kafka.server.quota.ControllerMutationQuotaManager;

/** The quotas of brokers that stand outside, as an admin client is told of them. */
final class AdminQuotas {
    private static final double NONE = Long.MAX_VALUE;

    private final Supplier<Admin> admin;

    AdminQuotas(Supplier<Admin> admin) {
        this.admin = admin;
    }

    QuotaManagers managers() {
        return new QuotaManagers(
            Answering.of(ClientQuotaManager.class, of("consumer_byte_rate")),
            Answering.of(ClientQuotaManager.class, of("producer_byte_rate")),
            Answering.of(ClientRequestQuotaManager.class, of("request_percentage")),
            Answering.of(ControllerMutationQuotaManager.class, of("controller_mutation_rate")),
            null, null, null, Optional.empty());
    }

    private Map<String, Function<Object[], Object>> of(String quota) {
        return Map.of("quota", arguments -> {
            var user = arguments[0] instanceof KafkaPrincipal principal ? principal.getName() : (String) arguments[0];
            return Quota.upperBound(bound(quota, user, (String) arguments[1]));
        });
    }

    /** Of the most special entity that has one. */
    private double bound(String quota, String user, String clientId) {
        try {
            var all = admin.get().describeClientQuotas(ClientQuotaFilter.all()).entities().get();
            return entities(user, clientId).stream().map(all::get).filter(Objects::nonNull).map(found -> found.get(quota))
                .filter(Objects::nonNull).findFirst().orElse(NONE);
        } catch (InterruptedException | ExecutionException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** From the most special to the most general; null: the default. */
    private static List<ClientQuotaEntity> entities(String user, String clientId) {
        return List.of(
            entity("user", user, "client-id", clientId), entity("user", user, "client-id", null), entity("user", user),
            entity("user", null, "client-id", clientId), entity("user", null, "client-id", null), entity("user", null),
            entity("client-id", clientId), entity("client-id", null));
    }

    private static ClientQuotaEntity entity(String... typesAndNames) {
        var entries = new HashMap<String, String>();
        for (var rest = Arrays.asList(typesAndNames); !rest.isEmpty(); rest = rest.subList(2, rest.size())) entries.put(rest.get(0), rest.get(1));
        return new ClientQuotaEntity(entries);
    }
}
