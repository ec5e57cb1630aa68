package io.daytona.runner.sandbox;

import io.daytona.wire.runner.Origin;
import org.jspecify.annotations.Nullable;

/**
 * Who a sandbox's programs run as, and whose it is.
 *
 * @param user user name inside
 * @param home home directory
 * @param workdir directory that relative paths start from
 * @param origin its owner, region and snapshot; null when an earlier release started it
 */
record Identity(String user, String home, String workdir, @Nullable Origin origin) {}
