package io.daytona.control.region;

/**
 * Where sandboxes run.
 *
 * @param id wire id, {@code target} of a sandbox
 * @param name name that clients may write instead
 */
public record Region(String id, String name) {}
