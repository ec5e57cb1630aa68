package io.daytona.toolbox.file;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A text to replace in files.
 *
 * @param files paths
 * @param pattern text, taken literally, at least one character
 * @param newValue what takes its place, may be empty
 */
public record ReplaceRequest(
    @Nullable List<@Nullable String> files, @Nullable String pattern, @Nullable String newValue) {}
