package io.daytona.control.sandbox;

import io.daytona.wire.admission.Limits;

/**
 * Limits of creates and starts.
 *
 * @param defaultSnapshot snapshot of creates that name none
 * @param longestArchive longest auto-archive interval in minutes
 * @param admission how many run at once and how many wait
 */
public record SandboxPolicy(String defaultSnapshot, int longestArchive, Limits admission) {}
