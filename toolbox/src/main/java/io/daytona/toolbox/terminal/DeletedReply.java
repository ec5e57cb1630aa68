package io.daytona.toolbox.terminal;

/**
 * A terminal that was deleted.
 *
 * @param message sentence
 */
public record DeletedReply(String message) {}
