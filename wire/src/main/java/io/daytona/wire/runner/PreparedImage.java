package io.daytona.wire.runner;

import java.time.Instant;

/**
 * An image that was built on this host.
 *
 * @param image name of the definition, {@code default}
 * @param layer id of its layer
 * @param sizeBytes size of the tar in bytes
 * @param created when it was built
 */
public record PreparedImage(String image, String layer, long sizeBytes, Instant created) {}
