package io.daytona.control.sandbox;

import org.jspecify.annotations.Nullable;

/**
 * A volume attached to a sandbox.
 *
 * @param volumeId the volume
 * @param mountPath where it appears inside
 * @param subpath part of the volume that is attached; null for all
 */
public record SandboxVolumeDto(
    @Nullable String volumeId, @Nullable String mountPath, @Nullable String subpath) {}
