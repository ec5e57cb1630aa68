package io.daytona.control.sandbox;

import java.time.Duration;

/**
 * Limits of creates and starts.
 *
 * @param defaultSnapshot snapshot of creates that name none
 * @param longestArchive longest auto-archive interval in minutes
 * @param concurrency creates and starts that run at once
 * @param queue creates and starts that wait
 * @param patience how long each waits
 */
public record SandboxPolicy(
    String defaultSnapshot, int longestArchive, int concurrency, int queue, Duration patience) {}
