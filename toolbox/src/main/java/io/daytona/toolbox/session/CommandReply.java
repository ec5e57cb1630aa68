package io.daytona.toolbox.session;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * A command as clients see it.
 *
 * @param id its id
 * @param command its text
 * @param exitCode absent while it has not ended, which clients poll for; −1 when it never ran
 *     because its shell ended before
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CommandReply(String id, String command, @Nullable Integer exitCode) {}
