package io.daytona.toolbox.interpreter;

/**
 * Says that a context is gone.
 *
 * @param message a sentence
 */
public record DeletedReply(String message) {}
