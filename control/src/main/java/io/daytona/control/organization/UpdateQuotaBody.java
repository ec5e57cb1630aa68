package io.daytona.control.organization;

import org.jspecify.annotations.Nullable;

/**
 * What an organization may use; null for what holds for all (v0.205 {@code
 * UpdateOrganizationQuota}).
 *
 * @param maxCpuPerSandbox not bounded here
 * @param maxMemoryPerSandbox not bounded here
 * @param maxDiskPerSandbox not bounded here
 * @param snapshotQuota not bounded here
 * @param maxSnapshotSize not bounded here
 * @param volumeQuota not bounded here
 * @param secretQuota not bounded here
 * @param maxSecretsPerSandbox not bounded here
 * @param authenticatedRateLimit requests in a window
 * @param sandboxCreateRateLimit creations in a window
 * @param sandboxLifecycleRateLimit changes of state in a window
 * @param authenticatedRateLimitTtlSeconds window in seconds
 * @param sandboxCreateRateLimitTtlSeconds window in seconds
 * @param sandboxLifecycleRateLimitTtlSeconds window in seconds
 * @param snapshotDeactivationTimeoutMinutes not bounded here
 * @param maxConcurrentSnapshotProcessing not bounded here
 */
record UpdateQuotaBody(
    @Nullable Double maxCpuPerSandbox,
    @Nullable Double maxMemoryPerSandbox,
    @Nullable Double maxDiskPerSandbox,
    @Nullable Double snapshotQuota,
    @Nullable Double maxSnapshotSize,
    @Nullable Double volumeQuota,
    @Nullable Double secretQuota,
    @Nullable Double maxSecretsPerSandbox,
    @Nullable Integer authenticatedRateLimit,
    @Nullable Integer sandboxCreateRateLimit,
    @Nullable Integer sandboxLifecycleRateLimit,
    @Nullable Integer authenticatedRateLimitTtlSeconds,
    @Nullable Integer sandboxCreateRateLimitTtlSeconds,
    @Nullable Integer sandboxLifecycleRateLimitTtlSeconds,
    @Nullable Double snapshotDeactivationTimeoutMinutes,
    @Nullable Double maxConcurrentSnapshotProcessing) {}
