package io.daytona.toolbox.terminal;

import org.jspecify.annotations.Nullable;

/**
 * The size that a terminal is to have.
 *
 * @param cols columns, 1…1000
 * @param rows rows, 1…1000
 */
public record ResizeRequest(@Nullable Integer cols, @Nullable Integer rows) {}
