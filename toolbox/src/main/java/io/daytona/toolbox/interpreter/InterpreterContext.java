package io.daytona.toolbox.interpreter;

/**
 * A context as clients see it (toolbox protocol §5.1).
 *
 * @param id a UUID
 * @param cwd its working directory
 * @param createdAt RFC 3339
 * @param active whether its worker runs; otherwise the next execution starts with an empty state
 * @param language {@code python}
 */
public record InterpreterContext(
    String id, String cwd, String createdAt, boolean active, String language) {}
