package io.daytona.toolbox.info;

/**
 * A directory of a sandbox.
 *
 * @param dir absolute path
 */
public record DirectoryReply(String dir) {}
