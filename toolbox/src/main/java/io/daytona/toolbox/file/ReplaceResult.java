package io.daytona.toolbox.file;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * What became of one file.
 *
 * @param file path as asked for
 * @param success whether the file now holds no occurrence of what it held before
 * @param error why not; absent on success
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ReplaceResult(String file, boolean success, @Nullable String error) {}
