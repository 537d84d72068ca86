package ottla;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Endpoint;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.server.authorizer.AclCreateResult;
import org.apache.kafka.server.authorizer.AclDeleteResult;
import org.apache.kafka.server.authorizer.AclDeleteResult.AclBindingDeleteResult;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.apache.kafka.server.authorizer.Authorizer;
import org.apache.kafka.server.authorizer.AuthorizerServerInfo;

/** The ACLs of brokers that stand outside, asked and changed by an admin client. */
final class AdminAuthorizer implements Authorizer {
    private final Supplier<Admin> admin;

    AdminAuthorizer(Supplier<Admin> admin) {
        this.admin = admin;
    }

    @Override
    public Iterable<AclBinding> acls(AclBindingFilter filter) {
        try {
            return admin.get().describeAcls(filter).values().get();
        } catch (InterruptedException | ExecutionException failed) {
            throw new IllegalStateException(failed);
        }
    }

    @Override
    public List<? extends CompletionStage<AclCreateResult>> createAcls(AuthorizableRequestContext context, List<AclBinding> acls) {
        var made = admin.get().createAcls(acls).values();
        return acls.stream()
            .map(acl -> made.get(acl).toCompletionStage().handle((done, failed) ->
                failed == null ? AclCreateResult.SUCCESS : new AclCreateResult((ApiException) failed)))
            .toList();
    }

    @Override
    public List<? extends CompletionStage<AclDeleteResult>> deleteAcls(AuthorizableRequestContext context, List<AclBindingFilter> filters) {
        var gone = admin.get().deleteAcls(filters).values();
        return filters.stream()
            .map(filter -> gone.get(filter).toCompletionStage().handle((results, failed) -> {
                if (failed != null) return new AclDeleteResult((ApiException) failed);
                Collection<AclBindingDeleteResult> each =
                    results.values().stream().map(result -> new AclBindingDeleteResult(result.binding())).toList();
                return new AclDeleteResult(each);
            }))
            .toList();
    }

    @Override
    public Map<Endpoint, ? extends CompletionStage<Void>> start(AuthorizerServerInfo serverInfo) {
        throw new Inside("Authorizer.start");
    }

    @Override
    public List<AuthorizationResult> authorize(AuthorizableRequestContext context, List<Action> actions) {
        throw new Inside("Authorizer.authorize");
    }

    @Override
    public void configure(Map<String, ?> configs) {}

    @Override
    public void close() {}
}
