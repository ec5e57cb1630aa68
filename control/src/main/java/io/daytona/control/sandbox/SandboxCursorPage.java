package io.daytona.control.sandbox;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One page of the cursor list.
 *
 * @param items the sandboxes
 * @param nextCursor where the next page begins; null on the last one
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record SandboxCursorPage(List<SandboxListItem> items, @Nullable String nextCursor) {}
