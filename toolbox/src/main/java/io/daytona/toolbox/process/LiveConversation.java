package io.daytona.toolbox.process;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.http.LogContext;
import io.daytona.http.SocketEndpoint.Conversation;
import io.daytona.http.WebSocket;
import io.daytona.http.WebSocket.Message;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.error.AgentErrors;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One command whose output, input and signals pass through a WebSocket while it runs
 * (docs/toolbox.md). It ends with its socket.
 */
final class LiveConversation implements Conversation {
  private static final Logger log = LoggerFactory.getLogger(LiveConversation.class);
  private static final int SIGKILL = 9;
  private static final int MAX_SIGNAL = 64;

  /** Runs its arguments, among them what only a shell knows. */
  private static final List<String> BY_SHELL = List.of("-c", "\"$@\"", "sh");

  private final Running sandbox;
  private final Shells shells;
  private final MemoryKills memoryKills;
  private volatile boolean timedOut;
  private volatile boolean ended;

  LiveConversation(Running sandbox, Shells shells, MemoryKills memoryKills) {
    this.sandbox = sandbox;
    this.shells = shells;
    this.memoryKills = memoryKills;
  }

  @Override
  public void run(WebSocket socket) throws InterruptedException {
    try {
      LiveRequest request = LiveRequest.read(socket.receive(TimeLimit.NONE));
      Duration limit =
          TimeLimit.of(request.timeout())
              .orElseThrow(() -> ToolboxError.badRequest("timeout is out of range"));
      socket.send(run(socket, request, limit).json());
      socket.close(WebSocket.NORMAL, "");
    } catch (DaytonaException e) {
      socket.close(WebSocket.POLICY_VIOLATION, e.sentence());
    } catch (AgentException e) {
      socket.close(WebSocket.SERVER_ERROR, AgentErrors.of(e).sentence());
    } catch (IOException e) {
      log.debug("the client left before the end of its command: cause={}", e.getMessage());
    }
  }

  private LiveEnd run(WebSocket socket, LiveRequest request, Duration limit)
      throws IOException, InterruptedException {
    try (AgentProcess process = start(request)) {
      LiveInput input = new LiveInput(process, socket);
      Thread feeder = Thread.ofVirtual().name("live-input").start(LogContext.carried(input::feed));
      Thread.ofVirtual()
          .name("live-control")
          .start(
              LogContext.carried(
                  () -> control(socket, process, limit, request.stdin() ? input : null)));
      try {
        int status = pass(process, socket);
        return timedOut
            ? LiveEnd.timedOut()
            : LiveEnd.of(status, memoryKills.explain(sandbox, status));
      } finally {
        ended = true;
        feeder.interrupt();
      }
    } catch (StartFailure e) {
      List<String> program = request.program();
      return LiveEnd.notStarted(
          e, program.isEmpty() ? "the shell" : program.getFirst(), cwd(request));
    }
  }

  private AgentProcess start(LiveRequest request) {
    Agent agent = sandbox.agent();
    Spawn plain = Spawn.merged(List.of(), Environment.of(request.envs()), cwd(request)).unmerged();
    Spawn spawn = request.stdin() ? plain.withStdin() : plain;
    if (request.command() != null) {
      return shells.start(agent, spawn, List.of("-c", request.command()));
    }
    List<String> program = request.program();
    try {
      return StartFailure.spawn(agent, spawn.withArgv(program));
    } catch (StartFailure e) {
      if (!e.isMissing()) {
        throw e;
      }
      return byShell(agent, spawn, program, e);
    }
  }

  private String cwd(LiveRequest request) {
    return request.cwd() == null
        ? sandbox.workdir()
        : SandboxPaths.absolute(sandbox, request.cwd());
  }

  /** What is no program may be known to the shell; it also says best what is missing. */
  private AgentProcess byShell(
      Agent agent, Spawn spawn, List<String> program, StartFailure missing) {
    List<String> arguments = new ArrayList<>(BY_SHELL);
    arguments.addAll(program);
    try {
      return shells.start(agent, spawn, arguments);
    } catch (StartFailure noShell) {
      log.debug("no shell to look for a command: cause={}", noShell.getMessage());
      throw missing;
    }
  }

  /** Sends what the program writes, and waits while the client does not read. */
  private static int pass(AgentProcess process, WebSocket socket)
      throws IOException, InterruptedException {
    while (true) {
      switch (process.next(TimeLimit.NONE)) {
        case Output.Chunk(int channel, byte[] bytes) -> {
          byte[] message = new byte[bytes.length + 1];
          message[0] = (byte) channel;
          System.arraycopy(bytes, 0, message, 1, bytes.length);
          socket.send(message, 0, message.length);
        }
        case Output.Exit(int status) -> {
          return status;
        }
        case Output.End _ -> {}
        case null -> {}
      }
    }
  }

  /** Takes what the client sends, and keeps the time. */
  private void control(
      WebSocket socket, AgentProcess process, Duration limit, @Nullable LiveInput input) {
    try {
      long start = System.nanoTime();
      while (socket.isOpen()) {
        Duration left = timedOut ? TimeLimit.NONE : limit.minusNanos(System.nanoTime() - start);
        Message message = left.isPositive() ? socket.receive(left) : null;
        if (message != null) {
          obey(message, process, input);
        } else if (socket.isOpen()) {
          timedOut = true;
          Execution.signal(sandbox.agent(), process, SIGKILL, true);
        }
      }
    } catch (DaytonaException e) {
      socket.close(WebSocket.POLICY_VIOLATION, e.sentence());
    } catch (AgentException e) {
      log.debug("a live execution cannot be signalled: cause={}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!ended) {
      kill(process);
    }
  }

  private void kill(AgentProcess process) {
    try {
      Execution.signal(sandbox.agent(), process, SIGKILL, true);
    } catch (AgentException e) {
      log.debug("a live execution cannot be killed: cause={}", e.getMessage());
    }
  }

  private void obey(Message message, AgentProcess process, @Nullable LiveInput input) {
    switch (message) {
      case Message.Binary(byte[] bytes) -> {
        if (input == null || !input.offer(bytes)) {
          throw ToolboxError.badRequest("not standard input, or more than was asked for");
        }
      }
      case Message.Text(String text) ->
          Execution.signal(sandbox.agent(), process, signal(text), false);
    }
  }

  static int signal(String text) {
    try {
      JsonNode signal = Json.mapper().readTree(text).path("signal");
      if (signal.isInt() && signal.intValue() > 0 && signal.intValue() <= MAX_SIGNAL) {
        return signal.intValue();
      }
    } catch (JsonProcessingException e) {
      log.debug("a message that is no JSON: {}", e.getOriginalMessage());
    }
    throw ToolboxError.badRequest("signal must be a number from 1 to 64");
  }
}
