package io.daytona.toolbox.info;

/**
 * The release of the toolbox.
 *
 * @param version such as {@code 0.1.0}
 */
public record VersionReply(String version) {}
