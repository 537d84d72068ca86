package ottla;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.DelegationTokenDisabledException;
import org.apache.kafka.common.security.scram.ScramCredential;
import org.apache.kafka.common.security.token.delegation.internals.DelegationTokenCache;
import org.apache.kafka.security.CredentialProvider;

/** Who may sign in, as an admin client sees it: names of SCRAM's users, and delegation tokens. */
final class AdminCredentials {
    private static final List<String> MECHANISMS = List.of("SCRAM-SHA-256", "SCRAM-SHA-512");
    /** The credential itself is never told outside. */
    private static final ScramCredential SOME = new ScramCredential(new byte[1], new byte[1], new byte[1], 4096);

    private final Supplier<Admin> admin;

    AdminCredentials(Supplier<Admin> admin) {
        this.admin = admin;
    }

    CredentialProvider provider() {
        var made = new CredentialProvider(MECHANISMS, new DelegationTokenCache(MECHANISMS));
        try {
            admin.get().describeUserScramCredentials().all().get().forEach((user, described) ->
                described.credentialInfos().forEach(info -> made.updateCredential(info.mechanism(), user, SOME)));
            return made;
        } catch (InterruptedException | ExecutionException failed) {
            throw new IllegalStateException(failed);
        }
    }

    DelegationTokenCache tokens() {
        var made = new DelegationTokenCache(MECHANISMS);
        try {
            for (var token : admin.get().describeDelegationToken().delegationTokens().get())
                made.addToken(token.tokenInfo().tokenId(), token.tokenInfo());
        } catch (ExecutionException failed) {
            if (!(failed.getCause() instanceof DelegationTokenDisabledException)) throw new IllegalStateException(failed);
        } catch (InterruptedException stopped) {
            throw new IllegalStateException(stopped);
        }
        return made;
    }
}
