package io.daytona.toolbox.interpreter;

import java.util.List;

/**
 * All contexts but the default one.
 *
 * @param contexts oldest first
 */
public record ContextList(List<InterpreterContext> contexts) {}
