package io.daytona.control.sandbox;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All labels of a sandbox, as request and reply.
 *
 * @param labels names and values
 */
public record SandboxLabelsDto(@Nullable Map<String, @Nullable String> labels) {}
