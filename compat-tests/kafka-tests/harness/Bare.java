package ottla;

import java.lang.reflect.Field;
import sun.misc.Unsafe;

/** Makes objects of Kafka's classes that are no interfaces, and whose constructors would make a broker's inside. */
final class Bare {
    private Bare() {}

    static <T> T made(Class<T> kind) {
        try {
            Field unsafe = Unsafe.class.getDeclaredField("theUnsafe");
            unsafe.setAccessible(true);
            return kind.cast(((Unsafe) unsafe.get(null)).allocateInstance(kind));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
