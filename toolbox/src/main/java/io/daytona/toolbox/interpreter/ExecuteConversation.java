package io.daytona.toolbox.interpreter;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.http.Json;
import io.daytona.http.SocketEndpoint.Conversation;
import io.daytona.http.WebSocket;
import io.daytona.http.WebSocket.Message;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.error.AgentErrors;
import io.daytona.toolbox.process.Environment;
import io.daytona.wire.error.DaytonaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One socket of {@code /process/interpreter/execute}: one execution (toolbox protocol §5.2). */
final class ExecuteConversation implements Conversation {
  private static final Logger log = LoggerFactory.getLogger(ExecuteConversation.class);
  private static final Duration FOREVER = Duration.ofDays(36_500);
  private static final Duration SLOW_CONSUMER = Duration.ofSeconds(10);
  private static final long DEFAULT_TIMEOUT = 600;
  private static final long MAX_TIMEOUT = 1L << 31;

  private final Running sandbox;
  private final SandboxContexts contexts;

  ExecuteConversation(Running sandbox, SandboxContexts contexts) {
    this.sandbox = sandbox;
    this.contexts = contexts;
  }

  /** A message that cannot be executed. */
  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;
    private final int code;

    Refused(int code, String reason) {
      super(reason);
      this.code = code;
    }
  }

  @Override
  public void run(WebSocket socket) throws InterruptedException {
    try {
      Run run = accept(socket);
      deliver(run.outbox(), socket);
    } catch (Refused e) {
      socket.close(e.code, String.valueOf(e.getMessage()));
    } catch (AgentException e) {
      socket.close(WebSocket.SERVER_ERROR, AgentErrors.of(e).sentence());
    }
  }

  private Run accept(WebSocket socket) throws Refused, InterruptedException {
    ExecuteMessage message = parse(socket.receive(FOREVER));
    String code = message.code();
    if (code == null || code.isEmpty()) {
      throw violation("code is required");
    }
    long timeout = message.timeout() == null ? DEFAULT_TIMEOUT : message.timeout();
    if (timeout < 0) {
      throw violation("timeout must be greater than or equal to 0");
    }
    Map<String, String> envs = envs(message.envs());
    Context context = context(message.contextId());
    Outbox outbox = new Outbox(SLOW_CONSUMER, () -> giveUp(socket));
    socket.onClose(outbox::abandon);
    String id = UUID.randomUUID().toString();
    Run run = new Run(id, code, envs, Math.min(timeout, MAX_TIMEOUT), outbox);
    context.submit(run);
    return run;
  }

  private static ExecuteMessage parse(@Nullable Message message) throws Refused {
    String text =
        switch (message) {
          case null -> throw protocolError("failed to read first message");
          case Message.Text plain -> plain.text();
          case Message.Binary bytes -> new String(bytes.bytes(), StandardCharsets.UTF_8);
        };
    try {
      ExecuteMessage parsed = Json.mapper().readValue(text, ExecuteMessage.class);
      if (parsed != null) {
        return parsed;
      }
    } catch (JsonProcessingException e) {
      log.debug("a message that is no execution: {}", e.getOriginalMessage());
    }
    throw protocolError("invalid JSON payload");
  }

  private static Map<String, String> envs(@Nullable Map<String, @Nullable String> asked)
      throws Refused {
    try {
      Map<String, String> envs = Environment.of(asked);
      if (envs.values().stream().anyMatch(value -> value.indexOf('\0') >= 0)) {
        throw violation("an environment variable's value cannot hold NUL");
      }
      return envs;
    } catch (DaytonaException e) {
      throw violation(e.sentence());
    }
  }

  private Context context(@Nullable String id) throws Refused {
    if (id == null || id.isEmpty() || id.equals(Context.DEFAULT)) {
      return contexts.defaultContext(sandbox.workdir());
    }
    return contexts.find(id).orElseThrow(() -> violation("context not found: " + id));
  }

  /** Sends until the execution or the client ends; the execution does not depend on this. */
  private static void deliver(Outbox outbox, WebSocket socket) throws InterruptedException {
    try {
      for (ClientFrame frame = outbox.take(); frame != null; frame = outbox.take()) {
        socket.send(frame.json());
      }
    } catch (IOException e) {
      log.debug("the client left before the end of its execution: {}", e.getMessage());
      outbox.abandon();
    }
    Outbox.Closing closing = outbox.closing();
    if (closing != null) {
      socket.close(closing.code(), closing.reason());
    }
  }

  /** The thread that sends is stuck, so another one closes. */
  private static void giveUp(WebSocket socket) {
    Thread.ofVirtual()
        .name("interpreter-slow")
        .start(() -> socket.close(WebSocket.POLICY_VIOLATION, "slow consumer"));
  }

  private static Refused violation(String reason) {
    return new Refused(WebSocket.POLICY_VIOLATION, reason);
  }

  private static Refused protocolError(String reason) {
    return new Refused(WebSocket.PROTOCOL_ERROR, reason);
  }
}
