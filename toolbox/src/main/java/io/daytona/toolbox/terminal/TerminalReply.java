package io.daytona.toolbox.terminal;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A terminal as clients see it (toolbox protocol §4.1).
 *
 * @param id its id
 * @param cwd directory its shell is started in
 * @param envs what was added to its environment, {@code TERM} included
 * @param cols columns
 * @param rows rows
 * @param createdAt RFC 3339
 * @param active whether its shell was started
 * @param lazyStart whether it waited for its first client
 * @param processId pid of its shell inside the sandbox; absent until it is started
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TerminalReply(
    String id,
    String cwd,
    Map<String, String> envs,
    int cols,
    int rows,
    String createdAt,
    boolean active,
    boolean lazyStart,
    @Nullable Long processId) {

  /** The same for clients that refuse keys they do not know. */
  TerminalReply withoutProcess() {
    return new TerminalReply(id, cwd, envs, cols, rows, createdAt, active, lazyStart, null);
  }
}
