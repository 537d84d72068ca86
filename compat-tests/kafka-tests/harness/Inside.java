package ottla;

/** The test asks for what only a process that has the broker inside can tell: such a test says nothing about another broker. */
public final class Inside extends UnsupportedOperationException {
    Inside(String what) {
        super("inside: " + what);
    }
}
