package ottla;

import java.util.Map;
import java.util.function.Function;
import org.mockito.Mockito;

/** Objects of Kafka's own classes for tests that reach into a broker: what can be told from outside is, and all else throws. */
final class Answering {
    private Answering() {}

    /** @param told by the method's name: what it answers, from its arguments */
    static <T> T of(Class<T> type, Map<String, Function<Object[], Object>> told) {
        return Mockito.mock(type, Mockito.withSettings().stubOnly().defaultAnswer(call -> {
            var method = call.getMethod();
            var answer = told.get(method.getName());
            if (answer != null) return answer.apply(call.getArguments());
            if (method.getDeclaringClass() == Object.class) return Mockito.RETURNS_DEFAULTS.answer(call);
            throw new Inside(type.getSimpleName() + "." + method.getName());
        }));
    }
}
