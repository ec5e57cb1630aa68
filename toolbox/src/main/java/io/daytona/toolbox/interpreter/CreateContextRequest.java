package io.daytona.toolbox.interpreter;

import org.jspecify.annotations.Nullable;

/**
 * A context to make (toolbox protocol §5.1).
 *
 * @param cwd its working directory; absent or empty for the sandbox's
 * @param language {@code python}, or absent
 */
public record CreateContextRequest(@Nullable String cwd, @Nullable String language) {}
