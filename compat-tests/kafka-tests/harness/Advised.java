package ottla;

import static net.bytebuddy.matcher.ElementMatchers.named;

import net.bytebuddy.ByteBuddy;
import net.bytebuddy.agent.ByteBuddyAgent;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.dynamic.loading.ClassReloadingStrategy;

/** Methods of the classes that come with Kafka's tests, with code of ours before or after their own. */
final class Advised {
    private Advised() {}

    /** @param advice its code becomes that of the methods, and may call what is public alone */
    static void method(Class<?> type, String name, Class<?> advice) {
        ByteBuddyAgent.install();
        new ByteBuddy().redefine(type).visit(Advice.to(advice).on(named(name))).make()
            .load(type.getClassLoader(), ClassReloadingStrategy.fromInstalledAgent());
    }
}
