package io.daytona.toolbox.file;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Files to download together.
 *
 * @param paths paths, at least one
 */
public record BulkDownloadRequest(@Nullable List<@Nullable String> paths) {}
